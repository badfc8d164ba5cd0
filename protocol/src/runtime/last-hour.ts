const HOUR_MS = 3_600_000;
/** What is counted of an hour; more is as bad. */
const MAX_COUNT = 1000;

/** How often something happened in the last hour, by the monotonic clock. */
export class LastHour {
  /** Oldest first. */
  #momentsMs: number[] = [];

  add(elapsedMs: number): void {
    this.#momentsMs = [...this.#within(elapsedMs), elapsedMs].slice(-MAX_COUNT);
  }

  count(elapsedMs: number): number {
    return this.#within(elapsedMs).length;
  }

  #within(elapsedMs: number): number[] {
    return this.#momentsMs.filter((momentMs) => elapsedMs - momentMs < HOUR_MS);
  }
}
