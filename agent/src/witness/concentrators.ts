/** After a full turn of its counter, 2^32 µs, nothing can be said of it any more: judging takes a restart for possible. */
const COUNTER_PERIOD_MS = 4_294_968;

/**
 * Which concentrators were heard from lately. Each counts microseconds from its own start, and judging compares the
 * counts of a hotspot's reports with its clock: where there are several, or one took the other's place, the counts of
 * both in one hotspot's reports would contradict each other, so none is told.
 */
export class Concentrators {
  #latest: { gatewayEui: string; elapsedMs: number } | undefined;
  /** When any other than the latest was last heard from. */
  #otherElapsedMs = Number.NEGATIVE_INFINITY;

  /** @param gatewayEui absent of what has none, such as a modem, which has no counter either */
  see(gatewayEui: string | undefined, elapsedMs: number): void {
    if (gatewayEui === undefined) return;
    const latest = this.#latest;
    if (latest !== undefined && latest.gatewayEui !== gatewayEui) this.#otherElapsedMs = latest.elapsedMs;
    this.#latest = { gatewayEui, elapsedMs };
  }

  /** `tmstUs` where one concentrator's counter is all that is told, else null. */
  counter(tmstUs: number | undefined, elapsedMs: number): number | null {
    return elapsedMs - this.#otherElapsedMs <= COUNTER_PERIOD_MS ? null : (tmstUs ?? null);
  }
}
