import { HTTPException } from "hono/http-exception";

/**
 * Answers are made a few at a time, and what else came in the meantime goes before each: however many people read,
 * packets and logins do not wait behind a row of pages.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ atOnce, mostWaiting }: { atOnce: number; mostWaiting: number }) {
    this.#atOnce = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  /** @throws {HTTPException} 503 if too many wait already */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running++;
    else await this.#wait();
    try {
      await new Promise((resolve) => setImmediate(resolve));
      return await job();
    } finally {
      // The turn goes on to whoever has waited longest.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting) {
      throw new HTTPException(503, { message: "Too many requests wait already; try again later" });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
