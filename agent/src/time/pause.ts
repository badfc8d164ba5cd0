import type { Clock } from "@earshot/protocol/hotspot";
import { LinkedAbort } from "./linked-abort.ts";
import type { Wakeup } from "./wakeup.ts";

/** Sleeps for `ms`, or until `signal` is aborted: then resolves to false instead of rejecting. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** Sleeps for `ms`, or until notified or aborted, whichever comes first. Leaves no sleeper behind. */
export async function pauseOrWake(
  clock: Clock,
  ms: number,
  wakeup: Wakeup,
  signal: AbortSignal,
): Promise<void> {
  const ended = new LinkedAbort(signal);
  await Promise.race([pause(clock, ms, ended.signal), wakeup.wait(ended.signal)]);
  ended.end();
}

/** `promise`, or a rejection with `message` after `ms`. */
export async function within<T>(clock: Clock, ms: number, message: string, promise: Promise<T>): Promise<T> {
  const done = new AbortController();
  const limit = pause(clock, ms, done.signal).then((elapsed) => {
    if (elapsed) throw new Error(message);
    return promise;
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    done.abort();
    limit.catch(() => {});
  }
}
