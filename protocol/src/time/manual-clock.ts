import type { Clock } from "./clock.ts";

interface Sleeper {
  dueMs: number;
  order: number;
  wake: () => void;
}

/** Runs everything that does not wait for time to pass. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Virtual time: advances only when told to. Sleepers wake one at a time, ordered by due time and then by
 * the order in which they went to sleep, and all work that a wake-up causes settles before the next one wakes,
 * so a run is the same every time.
 */
export class ManualClock implements Clock {
  #elapsedMs = 0;
  /** Wall time when elapsed time was 0; a step of the wall clock changes it. */
  #beginMs: number;
  #order = 0;
  #sleepers: Sleeper[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#beginMs = startMs;
  }

  now(): number {
    return this.#beginMs + this.#elapsedMs;
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Steps the wall clock by `ms`, forward or back, as an operator or NTP would: no time passes and nobody wakes. */
  stepWall(ms: number): void {
    this.#beginMs += ms;
  }

  /** Number of sleepers: 0 after a clean shutdown. */
  get pending(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted) {
      reject(signal.reason);
      return promise;
    }
    const onAbort = () => {
      this.#remove(sleeper);
      reject(signal?.reason);
    };
    const sleeper: Sleeper = {
      dueMs: this.#elapsedMs + Math.max(0, ms),
      order: this.#order++,
      wake: () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      },
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#insert(sleeper);
    return promise;
  }

  /** Moves time on by `ms`, waking everything that falls due on the way. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    await settle();
    for (let next = this.#sleepers[0]; next !== undefined && next.dueMs <= endMs; next = this.#sleepers[0]) {
      this.#elapsedMs = next.dueMs;
      this.#remove(next);
      next.wake();
      await settle();
    }
    this.#elapsedMs = endMs;
  }

  /** Advances until `promise` settles; fails if that takes more than `limitMs` of virtual time. */
  async resolve<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    const endMs = this.#elapsedMs + limitMs;
    let done = false;
    promise.then(
      () => {
        done = true;
      },
      () => {
        done = true;
      },
    );
    await settle();
    while (!done) {
      const next = this.#sleepers[0];
      if (next === undefined || next.dueMs > endMs) {
        throw new Error(`Promise still pending after ${limitMs} ms of virtual time`);
      }
      await this.advance(next.dueMs - this.#elapsedMs);
    }
    return promise;
  }

  #insert(sleeper: Sleeper): void {
    let low = 0;
    let high = this.#sleepers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#sleepers[middle] as Sleeper;
      const before =
        other.dueMs < sleeper.dueMs || (other.dueMs === sleeper.dueMs && other.order < sleeper.order);
      if (before) low = middle + 1;
      else high = middle;
    }
    this.#sleepers.splice(low, 0, sleeper);
  }

  #remove(sleeper: Sleeper): void {
    const index = this.#sleepers.indexOf(sleeper);
    if (index >= 0) this.#sleepers.splice(index, 1);
  }
}
