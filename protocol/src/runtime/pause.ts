import type { Clock } from "../time/clock.ts";
import { LinkedAbort } from "./linked-abort.ts";

type Sleeper = Pick<Clock, "sleep">;

/** Sleeps for `ms`, or until `signal` is aborted: then resolves to false instead of rejecting. */
export async function pause(clock: Sleeper, ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** `promise`, or a rejection with `message` after `ms`. */
export async function withTimeout<T>(
  clock: Sleeper,
  ms: number,
  message: string,
  promise: Promise<T>,
): Promise<T> {
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

/**
 * What `work` comes to, whose signal is aborted with `reason` after `ms`, or with `signal`. Waits for it then too: what
 * it has opened it closes first.
 */
export async function abortAfter<T>(
  clock: Sleeper,
  ms: number,
  reason: Error,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = new LinkedAbort(signal);
  const timer = new LinkedAbort(limited.signal);
  void pause(clock, ms, timer.signal).then((isOver) => {
    if (isOver) limited.end(reason);
  });
  try {
    return await work(limited.signal);
  } finally {
    timer.end();
    limited.release();
  }
}
