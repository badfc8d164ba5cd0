/**
 * The data of a view, in parts: each is read again only after an event that may have changed it, and not more often than
 * its `pauseMs`.
 */
export class Sources {
  #parts;
  #clock;
  #values = {};
  #readAtMs = {};
  /** Names of parts that an event has changed since they were read. */
  #owed = new Set();

  /**
   * `parts` by name: `read` fetches one, `kinds` are the events that may change it, `pauseMs` is how old it must be to be
   * read again for them. `clock` has now.
   */
  constructor(parts, clock) {
    this.#parts = parts;
    this.#clock = clock;
  }

  /** Has a part read with the next refresh, however young it is. */
  expire(name) {
    this.#owed.add(name);
    delete this.#readAtMs[name];
  }

  /**
   * The values of all parts by name, read again where one of `kinds` (a Set) asks for it; all of them without it. What
   * is asked for too early is owed: a later refresh reads it, whatever it is for.
   */
  async refresh(kinds) {
    const due = Object.entries(this.#parts).filter(([name, { kinds: own }]) => {
      const isAsked = kinds === undefined || own.some((kind) => kinds.has(kind)) || this.#owed.has(name);
      if (isAsked) this.#owed.add(name);
      return kinds === undefined || this.#waitMs(name) <= 0;
    });
    const read = due.filter(([name]) => this.#owed.has(name) || this.#readAtMs[name] === undefined);
    const nowMs = this.#clock.now();
    const values = await Promise.all(read.map(([, part]) => part.read()));
    for (const [i, [name]] of read.entries()) {
      this.#values[name] = values[i];
      this.#readAtMs[name] = nowMs;
      this.#owed.delete(name);
    }
    return this.#values;
  }

  /** How long until something owed may be read, ms; undefined when nothing is. */
  get owedMs() {
    const waits = [...this.#owed].map((name) => this.#waitMs(name));
    return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
  }

  #waitMs(name) {
    const readAtMs = this.#readAtMs[name];
    return readAtMs === undefined ? 0 : readAtMs + (this.#parts[name].pauseMs ?? 0) - this.#clock.now();
  }
}
