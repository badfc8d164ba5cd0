/** After a full turn of its counter, 2^32 µs, nothing can be said of it any more: judging takes a restart for possible. */
const COUNTER_PERIOD_MS = 4_294_968;
const MAX_KEPT = 64;

/**
 * Which concentrators were heard from lately. Each counts microseconds from its own start, and judging compares the
 * counts of a hotspot's reports with its clock: where there are several, or one took the other's place, the counts of
 * both in one hotspot's reports would contradict each other, so none is told.
 */
export class Concentrators {
  readonly #lastElapsedMs = new Map<string, number>();

  /** @param gatewayEui absent of what has none, such as a modem, which has no counter either */
  see(gatewayEui: string | undefined, elapsedMs: number): void {
    if (gatewayEui === undefined) return;
    this.#lastElapsedMs.delete(gatewayEui);
    this.#lastElapsedMs.set(gatewayEui, elapsedMs);
    const [oldest] = this.#lastElapsedMs.keys();
    if (this.#lastElapsedMs.size > MAX_KEPT && oldest !== undefined) this.#lastElapsedMs.delete(oldest);
  }

  /** `tmstUs` where one concentrator's counter is all that is told, else null. */
  counter(tmstUs: number | undefined, elapsedMs: number): number | null {
    const recent = [...this.#lastElapsedMs.values()].filter(
      (lastElapsedMs) => elapsedMs - lastElapsedMs <= COUNTER_PERIOD_MS,
    );
    return recent.length > 1 ? null : (tmstUs ?? null);
  }
}
