import type { Quantity } from "@earshot/protocol";

/** Smallest, mean and largest of what was measured since the last `take()`. */
export class QuantityWindow {
  readonly #name: string;
  readonly #exponent: number;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #sum = 0;
  #count = 0;

  /** @param exponent of ten of the last digit kept: −1 keeps tenths */
  constructor(name: string, exponent: number) {
    this.#name = name;
    this.#exponent = exponent;
  }

  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    this.#sum += value;
    this.#count += 1;
  }

  /** `undefined` when nothing was measured. Begins anew. */
  take(): Quantity | undefined {
    if (this.#count === 0) return undefined;
    const scaled = (value: number) => Math.round(value * 10 ** -this.#exponent) + 0;
    const quantity = {
      name: this.#name,
      exponent: this.#exponent,
      min: scaled(this.#min),
      mean: scaled(this.#sum / this.#count),
      max: scaled(this.#max),
      count: this.#count,
    };
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = Number.NEGATIVE_INFINITY;
    this.#sum = 0;
    this.#count = 0;
    return quantity;
  }
}
