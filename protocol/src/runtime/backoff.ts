import type { Random } from "../time/clock.ts";

interface BackoffOptions {
  firstMs: number;
  maxMs: number;
}

/** Growing waits between attempts. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random | undefined;
  #attempts = 0;

  /** @param random draws each wait from its upper half, so that a fleet does not come back at once */
  constructor(options: BackoffOptions, random?: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** @param limitMs for this wait, where it is below `maxMs` */
  nextMs(limitMs = Number.POSITIVE_INFINITY): number {
    const { firstMs, maxMs } = this.#options;
    const fullMs = Math.min(maxMs, limitMs, firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return this.#random === undefined ? fullMs : Math.round(fullMs * (0.5 + this.#random() / 2));
  }

  /** After a success. */
  reset(): void {
    this.#attempts = 0;
  }
}
