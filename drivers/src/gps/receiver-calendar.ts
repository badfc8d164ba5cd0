const DAY_MS = 86_400_000;
/** GPS counts weeks in ten bits: after 1024 weeks, 19.6 years, an old receiver begins again. */
const ROLLOVER_MS = 1024 * 7 * DAY_MS;

/**
 * Makes full times from what a receiver says: a time of day with each position, a date with some sentences only.
 *
 * A receiver past its week rollover is slow by a multiple of 1024 weeks, never fast. So a date more than half of that
 * behind the host's clock is moved forward to the one nearest to the host's, and a host clock that is itself far
 * behind (no battery, 1970) changes nothing.
 */
export class ReceiverCalendar {
  readonly #hostNowMs: () => number;
  #lastMs: number | undefined;

  constructor(hostNowMs: () => number) {
    this.#hostNowMs = hostNowMs;
  }

  /** UTC in ms since the Unix epoch, or undefined as long as no date was told. */
  timeMs(timeOfDayMs: number, dayMs: number | undefined): number | undefined {
    const day = dayMs === undefined ? this.#nearestDay(timeOfDayMs) : this.#withoutRollover(dayMs);
    if (day === undefined) return undefined;
    this.#lastMs = day + timeOfDayMs;
    return this.#lastMs;
  }

  /** The day that puts this time of day nearest to the last full time. */
  #nearestDay(timeOfDayMs: number): number | undefined {
    if (this.#lastMs === undefined) return undefined;
    return Math.round((this.#lastMs - timeOfDayMs) / DAY_MS) * DAY_MS;
  }

  #withoutRollover(dayMs: number): number {
    const rollovers = Math.round((this.#hostNowMs() - dayMs) / ROLLOVER_MS);
    return dayMs + Math.max(0, rollovers) * ROLLOVER_MS;
  }
}
