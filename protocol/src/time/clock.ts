/** Time as a parameter: everything that reads the time or waits is handed a `Clock`. */
export interface Clock {
  /** Milliseconds since the Unix epoch (UTC). */
  now(): number;
  /**
   * Milliseconds since an arbitrary beginning, for durations: never goes back, and a step of the wall clock does not
   * show in it. Only differences between two of one `Clock` mean something. The machine's own is CLOCK_MONOTONIC, which
   * stands still while the machine sleeps (clock_gettime(2)).
   */
  elapsedMs(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` as soon as `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** One look at both clocks. */
export interface ClockReading {
  nowMs: number;
  elapsedMs: number;
}

export const readClock = (clock: Pick<Clock, "now" | "elapsedMs">): ClockReading => ({
  nowMs: clock.now(),
  elapsedMs: clock.elapsedMs(),
});

/**
 * The wall time of a moment that was kept as elapsed time, counted back from now. What lasts is kept so: differences
 * of two such wall times, and to `nowMs`, are true durations, also when the wall clock was set in between.
 */
export const toWallTime = (momentElapsedMs: number, { nowMs, elapsedMs }: ClockReading): number =>
  Math.floor(nowMs - (elapsedMs - momentElapsedMs));

/** Before this, a clock was never set: this software did not exist. */
export const EARLIEST_PLAUSIBLE_MS = Date.UTC(2026, 0, 1);

/** A number in [0, 1), like `Math.random`, but passed in so that a run can be repeated from its seed. */
export type Random = () => number;
