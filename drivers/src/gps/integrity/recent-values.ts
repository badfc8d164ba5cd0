/** 20 a second, for a minute. */
const MAX_KEPT = 1200;

/** What was added in the last while, the oldest first; bounded. */
export class RecentValues<T> {
  readonly #keptMs: number;
  #all: { elapsedMs: number; value: T }[] = [];

  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  add(elapsedMs: number, value: T): void {
    this.#all.push({ elapsedMs, value });
    if (this.#all.length > MAX_KEPT) this.#all.splice(0, MAX_KEPT / 4);
  }

  values(elapsedMs: number): T[] {
    this.#all = this.#all.filter((one) => elapsedMs - one.elapsedMs <= this.#keptMs);
    return this.#all.map(({ value }) => value);
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** To `digits` decimals: for people, and so that -0 is 0. */
export const round = (value: number, digits = 0): number => Number(value.toFixed(digits)) + 0;
