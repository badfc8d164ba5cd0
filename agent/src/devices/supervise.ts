import type { Driver } from "@earshot/drivers";
import type { DeviceProbe } from "../board/device-book.ts";
import type { Loss } from "../board/link-book.ts";
import type { CoreContext } from "../core-context.ts";
import { Backoff } from "../time/backoff.ts";
import { errorText } from "../time/error-text.ts";
import { LinkedAbort } from "../time/linked-abort.ts";
import { pause } from "../time/pause.ts";
import type { OpenDevice } from "./open-device.ts";
import { PortInUseError } from "./port-users.ts";

export interface SupervisedDevice<R, D extends Driver<R>> {
  /** Its name on the board and in the log. */
  key: string;
  open: OpenDevice<D>;
  /** The device that is open now, or `undefined`. */
  onChange?(device: D | undefined): void;
  /** @param elapsedMs when it came, by the monotonic clock */
  onReading(reading: R, elapsedMs: number): void;
  probe(device: D): DeviceProbe;
  /** A device that says nothing for so long is closed and opened again. Not for those that may be silent. */
  silenceLimitMs?: number;
}

const BACKOFF = { firstMs: 1000, maxMs: 30_000 };

/** Keeps a device open: when it is lost or cannot be opened, tries again after growing waits, until aborted. */
export async function supervise<R, D extends Driver<R>>(
  context: CoreContext,
  device: SupervisedDevice<R, D>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log, board } = context;
  const backoff = new Backoff(BACKOFF, random);
  let isFirstFailure = true;
  while (!signal.aborted) {
    const end = await runOnce(context, device, signal, () => {
      backoff.reset();
      isFirstFailure = true;
    });
    if (signal.aborted) return;
    board.links.set(device.key, "lost", clock.elapsedMs(), end);
    // Once for each outage: a cable that is out all night must not fill the log.
    if (isFirstFailure)
      log("warn", `No ${device.key}; trying again until it comes back`, { why: end.reason });
    isFirstFailure = false;
    await pause(clock, backoff.nextMs(), signal);
  }
}

/** Opens the device and reads it to its end. Returns why it ended. */
async function runOnce<R, D extends Driver<R>>(
  context: CoreContext,
  device: SupervisedDevice<R, D>,
  signal: AbortSignal,
  onWorks: () => void,
): Promise<Loss> {
  const { board, clock, log } = context;
  const ended = new LinkedAbort(signal);
  let opened: D | undefined;
  let silence: Loss | undefined;
  try {
    opened = await device.open(signal);
    const driver = opened;
    ended.signal.addEventListener("abort", () => void driver.close(), { once: true });
    if (signal.aborted) return { reason: "stopped" };
    board.devices.opened(device.key, device.probe(driver));
    noteOpened(context, device);
    log("info", `Opened ${device.key}`, { name: driver.name });
    device.onChange?.(driver);
    let lastElapsedMs = clock.elapsedMs();
    let hasSpoken = false;
    const watch = watchSilence(
      context,
      device.silenceLimitMs,
      () => lastElapsedMs,
      ended.signal,
      () => {
        const hint = device.probe(driver).hint?.();
        silence = hint ?? silenceOf(driver, { limitMs: device.silenceLimitMs ?? 0, hasSpoken });
        ended.end();
      },
    );
    for await (const reading of driver) {
      lastElapsedMs = clock.elapsedMs();
      hasSpoken = true;
      board.read(device.key, lastElapsedMs);
      onWorks();
      device.onReading(reading, lastElapsedMs);
    }
    ended.end();
    await watch;
    return silence ?? { reason: "the device ended" };
  } catch (error) {
    const loss = { reason: errorText(error) };
    return silence ?? (error instanceof PortInUseError ? { ...loss, trouble: "in-use" } : loss);
  } finally {
    ended.end();
    device.onChange?.(undefined);
    board.devices.closed(device.key);
    await opened?.close();
  }
}

/** A device that should speak is lost until it does; one that may be silent is there as soon as it is open. */
function noteOpened<R, D extends Driver<R>>(
  { board, clock }: CoreContext,
  { key, silenceLimitMs }: SupervisedDevice<R, D>,
): void {
  if (silenceLimitMs !== undefined || board.links.get(key).state !== "lost") return;
  board.links.set(key, "searching", clock.elapsedMs());
}

/** It said nothing at all, or nothing that made a reading. */
function silenceOf(
  driver: Driver<unknown>,
  { limitMs, hasSpoken }: { limitMs: number; hasSpoken: boolean },
): Loss {
  const { frames, badFrames, garbageBytes } = driver.counts();
  const forText = `for ${Math.round(limitMs / 1000)} s`;
  if (hasSpoken || frames + badFrames + garbageBytes === 0) {
    return { reason: `It said nothing ${forText}`, trouble: "silent" };
  }
  const what = frames === 0 ? "nothing that could be read" : "nothing that measures";
  const counted = `${frames} good frames, ${badFrames} damaged, ${garbageBytes} stray bytes`;
  return { reason: `It sends, but ${what} ${forText}: ${counted}`, trouble: "unreadable" };
}

async function watchSilence(
  { clock }: CoreContext,
  limitMs: number | undefined,
  lastElapsedMs: () => number,
  signal: AbortSignal,
  onSilence: () => void,
): Promise<void> {
  if (limitMs === undefined) return;
  while (await pause(clock, lastElapsedMs() + limitMs - clock.elapsedMs(), signal)) {
    if (clock.elapsedMs() - lastElapsedMs() < limitMs) continue;
    onSilence();
    return;
  }
}
