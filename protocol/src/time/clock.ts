/** Time as a parameter: everything that reads the time or waits is handed a `Clock`. */
export interface Clock {
  /** Milliseconds since the Unix epoch (UTC). */
  now(): number;
  /**
   * Monotonic milliseconds since an arbitrary start, for durations: never goes back, and setting the wall clock does not
   * affect it. Only differences between two readings of the same `Clock` have a meaning. The system clock uses
   * CLOCK_MONOTONIC, which stops while the machine sleeps (clock_gettime(2)).
   */
  elapsedMs(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` as soon as `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Wall clock and monotonic clock, read together. */
export interface ClockReading {
  nowMs: number;
  elapsedMs: number;
}

export const readClock = (clock: Pick<Clock, "now" | "elapsedMs">): ClockReading => ({
  nowMs: clock.now(),
  elapsedMs: clock.elapsedMs(),
});

/**
 * The wall time of a moment that was recorded in monotonic time. Durations stay right: differences between two such
 * wall times, and to `nowMs`, are true even when the wall clock was set in between.
 */
export const toWallTime = (momentElapsedMs: number, { nowMs, elapsedMs }: ClockReading): number =>
  Math.floor(nowMs - (elapsedMs - momentElapsedMs));

/** A wall clock that shows less was never set: this software did not exist then. */
export const EARLIEST_PLAUSIBLE_MS = Date.UTC(2026, 0, 1);

/** A number in [0, 1), like `Math.random`, but passed in so that a run can be repeated from its seed. */
export type Random = () => number;
