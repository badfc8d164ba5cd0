import type { Driver } from "@earshot/drivers";
import type { Clock } from "@earshot/protocol/hotspot";
import { Backoff, errorText, LinkedAbort, OutageLog, pause } from "@earshot/protocol/runtime";
import type { DeviceProbe } from "../board/device-states.ts";
import type { Loss } from "../board/link-states.ts";
import type { CoreContext } from "../core/core-context.ts";
import { troubleOf } from "./trouble.ts";

/** Opens a device, or rejects with a message that names what to check. Gives up as soon as `signal` is aborted. */
export type OpenDevice<D> = (signal: AbortSignal) => Promise<D>;

export interface SupervisedDevice<R, D extends Driver<R>> {
  /** Its name on the board and in the log. */
  key: string;
  open: OpenDevice<D>;
  /** The device that is open now, or `undefined`. */
  onChange?(device: D | undefined): void;
  /** @param elapsedMs when it came, by the monotonic clock */
  onReading(reading: R, elapsedMs: number): void;
  probe(device: D): DeviceProbe;
  /** Whether it sends something as soon as it works; otherwise it counts as working once it is open, unless it has a limit. */
  sendsUnasked?(device: D): boolean;
  /** A device that sends nothing for so long is closed and opened again. Not for those that may be silent. */
  silenceLimitMs?: number;
}

const BACKOFF = { firstMs: 1000, maxMs: 30_000 };
/** One that worked for so long is opened again at once when it is lost. */
const LASTING_MS = 30_000;

/** When a device was opened and gave its first and last reading, by the monotonic clock. */
interface Run {
  openedMs: number;
  firstMs?: number;
  lastMs?: number;
}

/**
 * Keeps a device open: when it is lost or cannot be opened, tries again, until aborted. The waits grow until it has
 * worked for a while: one that comes and goes is not opened each second.
 */
export async function supervise<R, D extends Driver<R>>(
  context: CoreContext,
  device: SupervisedDevice<R, D>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log, board } = context;
  const backoff = new Backoff(BACKOFF, random);
  const outages = new OutageLog(device.key, clock, log);
  while (!signal.aborted) {
    const end = await runOnce(context, device, outages, signal);
    if (signal.aborted) return;
    board.links.set(device.key, "lost", clock.elapsedMs(), end.loss);
    outages.down("warn", `No ${device.key}; trying again until it comes back`, { why: end.loss.reason });
    if (end.workedMs >= LASTING_MS) backoff.reset();
    await pause(clock, backoff.nextMs(), signal);
  }
}

/** Opens the device and reads it to its end. Returns why it ended, and for how long it worked. */
async function runOnce<R, D extends Driver<R>>(
  context: CoreContext,
  device: SupervisedDevice<R, D>,
  outages: OutageLog,
  signal: AbortSignal,
): Promise<{ loss: Loss; workedMs: number }> {
  const { board, clock, log } = context;
  const ended = new LinkedAbort(signal);
  const run: Run = { openedMs: clock.elapsedMs() };
  let opened: D | undefined;
  let silence: Loss | undefined;
  const end = (loss: Loss) => ({
    loss,
    workedMs: opened === undefined ? 0 : workedMs(sendsUnasked(device, opened), run, clock),
  });
  try {
    opened = await device.open(signal);
    const driver = opened;
    run.openedMs = clock.elapsedMs();
    ended.signal.addEventListener("abort", () => void driver.close(), { once: true });
    if (signal.aborted) return end({ reason: "stopped" });
    board.devices.opened(device.key, device.probe(driver));
    if (!sendsUnasked(device, driver)) noteOpened(context, device.key);
    outages.up("info", `Opened ${device.key}`, { name: driver.name });
    device.onChange?.(driver);
    void watchSilence(context, device.silenceLimitMs, run, ended.signal, () => {
      const hasSpoken = run.firstMs !== undefined;
      const hint = device.probe(driver).hint?.();
      silence = hint ?? silenceOf(driver, { limitMs: device.silenceLimitMs ?? 0, hasSpoken });
      ended.end();
    });
    for await (const reading of driver) {
      run.lastMs = clock.elapsedMs();
      run.firstMs ??= run.lastMs;
      board.countReading(device.key, run.lastMs);
      outages.stillUp();
      device.onReading(reading, run.lastMs);
    }
    return end(silence ?? { reason: "the device ended" });
  } catch (error) {
    const trouble = troubleOf(error);
    log.debug(`The device ${device.key} failed`, { err: error });
    return end(silence ?? { reason: errorText(error), ...(trouble === undefined ? {} : { trouble }) });
  } finally {
    ended.end();
    device.onChange?.(undefined);
    board.devices.closed(device.key);
    await opened?.close();
  }
}

const sendsUnasked = <R, D extends Driver<R>>(device: SupervisedDevice<R, D>, driver: D): boolean =>
  device.silenceLimitMs !== undefined || device.sendsUnasked?.(driver) === true;

/** From its first reading to its last; of one that may be silent, for as long as it was open. */
function workedMs(sendsUnasked: boolean, { openedMs, firstMs, lastMs }: Run, clock: Clock): number {
  if (!sendsUnasked) return clock.elapsedMs() - openedMs;
  return firstMs === undefined || lastMs === undefined ? 0 : lastMs - firstMs;
}

/** One that should speak is lost until it does; one that may be silent is there as soon as it is open. */
function noteOpened({ board, clock }: CoreContext, key: string): void {
  board.links.set(key, "searching", clock.elapsedMs());
}

/** It sent nothing at all, or nothing that made a reading. */
function silenceOf(
  driver: Driver<unknown>,
  { limitMs, hasSpoken }: { limitMs: number; hasSpoken: boolean },
): Loss {
  const { frames, badFrames, garbageBytes } = driver.counts();
  const forText = `for ${limitMs / 1000} s`;
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
  run: Readonly<Run>,
  signal: AbortSignal,
  onSilence: () => void,
): Promise<void> {
  if (limitMs === undefined) return;
  const silentMs = () => clock.elapsedMs() - (run.lastMs ?? run.openedMs);
  while (await pause(clock, limitMs - silentMs(), signal)) {
    if (silentMs() < limitMs) continue;
    onSilence();
    return;
  }
}
