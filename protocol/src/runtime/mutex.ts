/** Runs one job after the other, in the order in which they come; one that fails does not hold up the next. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** @returns what the job returns, when its turn has come and it is done */
  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
