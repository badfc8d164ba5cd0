import { BoundedMap } from "./bounded-map.ts";

export interface Rate {
  /** How many at once. */
  burst: number;
  perSecond: number;
}

/** Lets through a number at once and then so many a second; of what is uneven, so many tokens. Times are `Clock.elapsedMs`. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #elapsedMs: number;

  constructor(rate: Rate, elapsedMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#elapsedMs = elapsedMs;
  }

  /** Whether so much more is let through now; if so it is counted. */
  take(elapsedMs: number, tokens = 1): boolean {
    if (!this.has(elapsedMs, tokens)) return false;
    this.#tokens -= tokens;
    return true;
  }

  /** Whether so much more would be let through now. */
  has(elapsedMs: number, tokens = 1): boolean {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((elapsedMs - this.#elapsedMs) / 1000) * perSecond);
    this.#elapsedMs = elapsedMs;
    return this.#tokens >= tokens;
  }

  /** Nothing is counted any more: a new bucket would let through as much. */
  isFull(elapsedMs: number): boolean {
    return this.has(elapsedMs, this.#rate.burst);
  }
}

/** A bucket for each of so many keys; those not used for longest are forgotten, and begin anew. */
export class TokenBuckets {
  readonly #rate: Rate;
  readonly #buckets: BoundedMap<string, TokenBucket>;

  constructor(rate: Rate, maxKeys: number) {
    this.#rate = rate;
    this.#buckets = new BoundedMap(maxKeys);
  }

  /** Whether it is counted, and so was seen not long ago. */
  has(key: string): boolean {
    return this.#buckets.has(key);
  }

  take(key: string, elapsedMs: number): boolean {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#rate, elapsedMs);
      this.#buckets.set(key, bucket);
    }
    return bucket.take(elapsedMs);
  }
}
