const BUCKET_MS = 10_000;

/** How many a second, in the latest full 10 s; needs no timer. */
export class RateMeter {
  #fromMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #before = 0;

  add(atMs: number, count = 1): void {
    this.#turn(atMs);
    this.#count += count;
  }

  perS(nowMs: number): number {
    this.#turn(nowMs);
    return Math.max(this.#before, this.#count) / (BUCKET_MS / 1000);
  }

  /** Begins a new bucket when the time of the last is over, and when the clock was set back. */
  #turn(atMs: number): void {
    const sinceMs = atMs - this.#fromMs;
    if (sinceMs >= 0 && sinceMs < BUCKET_MS) return;
    this.#before = sinceMs >= 0 && sinceMs < 2 * BUCKET_MS ? this.#count : 0;
    this.#count = 0;
    this.#fromMs = atMs;
  }
}
