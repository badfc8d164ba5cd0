import { PACKET_LIMITS, type Quantity, quantityFacts } from "@earshot/protocol/hotspot";

const [, MAX_DIGITS] = PACKET_LIMITS.digits;
const [, MAX_EXPONENT] = PACKET_LIMITS.exponent;
const [, MAX_COUNT] = PACKET_LIMITS.count;
/** Sines and cosines are not exact: the mean of equal directions may be off by so much. */
const ROUNDING_DEG = 1e-6;

/**
 * One quantity over a period: its smallest, mean and largest value since the last `flush()`.
 *
 * The mean of a counter (energy) is its last value, because only that counts; the smallest and largest are what it
 * came from and went through. The mean of a direction in degrees is that of the directions as vectors: between 350°
 * and 10° lies 0°, not 180°; what went through north went from 0° to 360°.
 */
export class QuantityWindow {
  readonly #name: string;
  readonly #exponent: number;
  readonly #onUnusable: (count: number) => void;
  readonly #meaning: "gauge" | "counter" | "direction";
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #last = 0;
  #sum = 0;
  #east = 0;
  #north = 0;
  #count = 0;

  /** @param onUnusable called with the number of values that no packet can carry */
  constructor(name: string, onUnusable: (count: number) => void = () => {}) {
    this.#onUnusable = onUnusable;
    const { exponent, kind, unit } = quantityFacts(name);
    this.#name = name;
    this.#exponent = exponent;
    this.#meaning = unit === "°" ? "direction" : kind;
  }

  add(value: number): void {
    if (!Number.isFinite(value)) {
      this.#onUnusable(1);
      return;
    }
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    this.#last = value;
    this.#sum += value;
    this.#east += Math.sin((value * Math.PI) / 180);
    this.#north += Math.cos((value * Math.PI) / 180);
    this.#count += 1;
  }

  /** The period's summary, and starts the next period. `undefined` when nothing was measured that a packet can carry. */
  flush(): Quantity | undefined {
    const quantity = this.#count === 0 ? undefined : this.#quantity();
    if (quantity === undefined && this.#count > 0) this.#onUnusable(this.#count);
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = Number.NEGATIVE_INFINITY;
    this.#sum = 0;
    this.#east = 0;
    this.#north = 0;
    this.#count = 0;
    return quantity;
  }

  #quantity(): Quantity | undefined {
    const mean = this.#mean();
    const beside = Math.max(this.#min - mean, mean - this.#max);
    const wentRound = this.#meaning === "direction" && beside > ROUNDING_DEG;
    const [min, max] = wentRound ? [0, 360] : [this.#min, this.#max];
    const greatest = Math.max(Math.abs(min), Math.abs(max));
    const exponent = coarseEnough(greatest, this.#exponent);
    if (exponent > MAX_EXPONENT) return undefined;
    // Powers of ten below one are not exact: dividing by 10 is, multiplying by 0.1 is not.
    const scaled = (value: number) =>
      Math.round(exponent < 0 ? value * 10 ** -exponent : value / 10 ** exponent) + 0;
    return {
      name: this.#name,
      exponent,
      min: scaled(min),
      // Rounding must not put the mean of equal values beside them, nor a sum beyond all numbers.
      mean: scaled(Math.min(max, Math.max(min, mean))),
      max: scaled(max),
      count: Math.min(this.#count, MAX_COUNT),
    };
  }

  #mean(): number {
    if (this.#meaning === "counter") return this.#last;
    if (this.#meaning === "gauge") return this.#sum / this.#count;
    const degrees = (Math.atan2(this.#east, this.#north) * 180) / Math.PI;
    return degrees < 0 ? degrees + 360 : degrees;
  }
}

/** The exponent of the last digit that can be kept of a number so great. */
function coarseEnough(greatest: number, finest: number): number {
  let exponent = finest;
  while (exponent <= MAX_EXPONENT && greatest / 10 ** exponent > MAX_DIGITS) exponent += 1;
  return exponent;
}
