/**
 * What a view shows, in parts: each is read again only after an event that may have changed it, and not more often than
 * it says.
 */
export class Sources {
  #parts;
  #clock;
  #values = {};
  #readAtMs = {};

  /**
   * `parts` by name: `read` fetches one, `kinds` are the events that may change it, `pauseMs` is how old it may get
   * before they count. `clock` has now.
   */
  constructor(parts, clock) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /** Has a part read with the next refresh, however young it is. */
  expire(name) {
    delete this.#readAtMs[name];
  }

  /** The values of all parts by name, read again where one of `kinds` (a Set) asks for it; all of them without it. */
  async refresh(kinds) {
    const nowMs = this.#clock.now();
    const due = Object.entries(this.#parts).filter(([name, { kinds: own, pauseMs = 0 }]) => {
      const readAtMs = this.#readAtMs[name];
      if (kinds === undefined || readAtMs === undefined) return true;
      return own.some((kind) => kinds.has(kind)) && nowMs - readAtMs >= pauseMs;
    });
    const values = await Promise.all(due.map(([, { read }]) => read()));
    for (const [i, [name]] of due.entries()) {
      this.#values[name] = values[i];
      this.#readAtMs[name] = nowMs;
    }
    return this.#values;
  }
}
