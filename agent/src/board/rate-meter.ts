const BUCKET_MS = 10_000;

/** How many a second, in the latest full 10 s; needs no timer. */
export class RateMeter {
  #fromMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #before = 0;

  add(elapsedMs: number, count = 1): void {
    this.#turn(elapsedMs);
    this.#count += count;
  }

  perS(elapsedMs: number): number {
    this.#turn(elapsedMs);
    return Math.max(this.#before, this.#count) / (BUCKET_MS / 1000);
  }

  /** Begins a new bucket when the time of the last is over. */
  #turn(elapsedMs: number): void {
    const passedMs = elapsedMs - this.#fromMs;
    if (passedMs < BUCKET_MS) return;
    this.#before = passedMs < 2 * BUCKET_MS ? this.#count : 0;
    this.#count = 0;
    this.#fromMs = elapsedMs;
  }
}
