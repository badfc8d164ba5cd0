/**
 * An abort signal of one's own that also follows another. Unlike `AbortSignal.any` it can be let go of, so that a
 * signal that lives as long as the program does not collect one entry for every attempt and every wait.
 */
export class LinkedAbort {
  readonly #outer: AbortSignal;
  readonly #own = new AbortController();
  readonly #follow = () => this.#own.abort(this.#outer.reason);

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    if (outer.aborted) this.#follow();
    else outer.addEventListener("abort", this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  /** Lets go of the other; the own signal stays as it is. */
  release(): void {
    this.#outer.removeEventListener("abort", this.#follow);
  }

  /** Aborts the own signal and lets go of the other. */
  end(reason?: unknown): void {
    this.release();
    this.#own.abort(reason);
  }
}
