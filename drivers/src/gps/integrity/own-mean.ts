const TIME_CONSTANT_MS = 60_000;
/** Receivers that tell ten times a second say the same ten times. */
const MIN_STEP_MS = 900;

/** A quantity's own mean of about the last minute: what it is compared with when it changes at once. */
export class OwnMean {
  #mean: number;
  readonly #sinceMs: number;
  #lastMs: number;

  constructor(value: number, atMs: number) {
    this.#mean = value;
    this.#sinceMs = atMs;
    this.#lastMs = atMs;
  }

  get value(): number {
    return this.#mean;
  }

  /** How long it was measured, up to the last time. */
  get ageMs(): number {
    return this.#lastMs - this.#sinceMs;
  }

  silentMs(elapsedMs: number): number {
    return elapsedMs - this.#lastMs;
  }

  add(value: number, atMs: number): void {
    const stepMs = atMs - this.#lastMs;
    if (stepMs < MIN_STEP_MS) return;
    this.#lastMs = atMs;
    const weight = 1 - Math.exp(-stepMs / TIME_CONSTANT_MS);
    this.#mean += weight * (value - this.#mean);
  }
}
