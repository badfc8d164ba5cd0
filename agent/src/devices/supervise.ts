import type { Driver } from "@earshot/drivers";
import type { DeviceProbe } from "../board/status-board.ts";
import type { CoreContext } from "../core-context.ts";
import { Backoff } from "../time/backoff.ts";
import { errorText } from "../time/error-text.ts";
import { LinkedAbort } from "../time/linked-abort.ts";
import { pause } from "../time/pause.ts";
import type { OpenDevice } from "./open-device.ts";

export interface SupervisedDevice<R, D extends Driver<R>> {
  board: "radio" | "gps";
  open: OpenDevice<D>;
  /** The device that is open now, or `undefined`. */
  onChange?(device: D | undefined): void;
  onReading(reading: R): void;
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
    board.setLink(device.board, "lost", clock.now(), end);
    // Once for each outage: a cable that is out all night must not fill the log.
    if (isFirstFailure) log("warn", `No ${device.board}; trying again until it comes back`, { why: end });
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
): Promise<string> {
  const { board, clock, log } = context;
  const ended = new LinkedAbort(signal);
  let opened: D | undefined;
  let silence: string | undefined;
  try {
    opened = await device.open(signal);
    const driver = opened;
    ended.signal.addEventListener("abort", () => void driver.close(), { once: true });
    if (signal.aborted) return "stopped";
    board.setProbe(device.board, device.probe(driver));
    if (board.link(device.board).state === "lost") board.setLink(device.board, "searching", clock.now());
    log("info", `Opened ${device.board}`, { name: driver.name });
    device.onChange?.(driver);
    let lastMs = clock.now();
    const watch = watchSilence(
      context,
      device.silenceLimitMs,
      () => lastMs,
      ended.signal,
      (text) => {
        silence = text;
        ended.end();
      },
    );
    for await (const reading of driver) {
      lastMs = clock.now();
      board.heardFrom(device.board, lastMs);
      onWorks();
      device.onReading(reading);
    }
    ended.end();
    await watch;
    return silence ?? "the device ended";
  } catch (error) {
    return silence ?? errorText(error);
  } finally {
    ended.end();
    device.onChange?.(undefined);
    board.setProbe(device.board, undefined);
    await opened?.close();
  }
}

async function watchSilence(
  { clock }: CoreContext,
  limitMs: number | undefined,
  lastMs: () => number,
  signal: AbortSignal,
  onSilence: (text: string) => void,
): Promise<void> {
  if (limitMs === undefined) return;
  while (await pause(clock, lastMs() + limitMs - clock.now(), signal)) {
    if (clock.now() - lastMs() < limitMs) continue;
    onSilence(`it said nothing for ${Math.round(limitMs / 1000)} s`);
    return;
  }
}
