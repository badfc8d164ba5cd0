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

  silentMs(nowMs: number): number {
    return nowMs - this.#lastMs;
  }

  add(value: number, atMs: number): void {
    const stepMs = atMs - this.#lastMs;
    if (stepMs >= 0 && stepMs < MIN_STEP_MS) return;
    this.#lastMs = atMs;
    // A host clock that was set back counts as one step.
    const weight = 1 - Math.exp(-Math.max(MIN_STEP_MS, stepMs) / TIME_CONSTANT_MS);
    this.#mean += weight * (value - this.#mean);
  }
}
