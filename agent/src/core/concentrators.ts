/** A full turn of the counter, 2^32 µs. After it judging assumes that the concentrator may have restarted. */
const COUNTER_PERIOD_MS = 4_294_968;

/**
 * Which concentrators were heard from lately. Each counts microseconds from its own start, and judging compares the
 * counters in a hotspot's reports with its clock. Counters of several concentrators would contradict each other, so with
 * several, or after one was replaced, reports carry none.
 */
export class Concentrators {
  #latest: { gatewayEui: string; elapsedMs: number } | undefined;
  /** When any other than the latest was last heard from. */
  #otherElapsedMs = Number.NEGATIVE_INFINITY;

  /** @param gatewayEui absent of what has none, such as a modem, which has no counter either */
  heardFrom(gatewayEui: string | undefined, elapsedMs: number): void {
    if (gatewayEui === undefined) return;
    const latest = this.#latest;
    if (latest !== undefined && latest.gatewayEui !== gatewayEui) this.#otherElapsedMs = latest.elapsedMs;
    this.#latest = { gatewayEui, elapsedMs };
  }

  /** `tmstUs` when no other concentrator was heard from within a turn of the counter, else null. */
  counter(tmstUs: number | undefined, elapsedMs: number): number | null {
    return elapsedMs - this.#otherElapsedMs <= COUNTER_PERIOD_MS ? null : (tmstUs ?? null);
  }
}
