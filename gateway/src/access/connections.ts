export interface Connection {
  /** Closes it at once, without an answer. */
  destroy(): void;
}

export interface ConnectionLimits {
  /** Connections in all. */
  max: number;
  maxPerAddress: number;
  /** Of those in all, how many may wait; `max` when absent. */
  maxWaiting?: number;
}

interface Held {
  group: string | undefined;
  /** Requests on it that are being answered. */
  answering: number;
}

/**
 * Who may be connected. Of connections that wait for a request, or for a login, the one that has waited longest makes
 * room for a new one; where none waits, the new one is turned away.
 */
export class Connections<C extends Connection> {
  readonly #limits: ConnectionLimits;
  readonly #held = new Map<C, Held>();
  /** Those that wait for a request, the longest first, by group; `undefined` holds all. */
  readonly #waiting = new Map<string | undefined, Set<C>>([[undefined, new Set()]]);
  readonly #sizes = new Map<string, number>();
  /** Closed or turned away to keep within the limits. */
  dropped = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#held.size;
  }

  /**
   * Counts a new connection; one that is turned away is destroyed and false.
   * @param group whose connections are counted together; `undefined` is a proxy's, which counts only in all
   */
  add(connection: C, group: string | undefined): boolean {
    const { max, maxPerAddress, maxWaiting = max } = this.#limits;
    const isFull = group !== undefined && (this.#sizes.get(group) ?? 0) >= maxPerAddress;
    if ((isFull && !this.#makeRoom(group)) || (this.#isFull(max, maxWaiting) && !this.#makeRoom(undefined))) {
      this.dropped++;
      connection.destroy();
      return false;
    }
    this.#held.set(connection, { group, answering: 0 });
    if (group !== undefined) this.#sizes.set(group, (this.#sizes.get(group) ?? 0) + 1);
    this.#wait(connection, group);
    return true;
  }

  /** A request on it has been read, or its login. */
  began(connection: C): void {
    const held = this.#held.get(connection);
    if (held === undefined) return;
    held.answering++;
    this.#stopWaiting(connection, held.group);
  }

  /** A request on it has been answered, or given up. */
  ended(connection: C): void {
    const held = this.#held.get(connection);
    if (held !== undefined && --held.answering === 0) this.#wait(connection, held.group);
  }

  remove(connection: C): void {
    const held = this.#held.get(connection);
    if (held === undefined) return;
    this.#held.delete(connection);
    this.#stopWaiting(connection, held.group);
    if (held.group === undefined) return;
    const size = (this.#sizes.get(held.group) ?? 0) - 1;
    if (size > 0) this.#sizes.set(held.group, size);
    else this.#sizes.delete(held.group);
  }

  #isFull(max: number, maxWaiting: number): boolean {
    return this.size >= max || (this.#waiting.get(undefined)?.size ?? 0) >= maxWaiting;
  }

  #makeRoom(group: string | undefined): boolean {
    const [oldest] = this.#waiting.get(group) ?? [];
    if (oldest === undefined) return false;
    this.dropped++;
    this.remove(oldest);
    oldest.destroy();
    return true;
  }

  #wait(connection: C, group: string | undefined): void {
    for (const key of new Set([undefined, group])) {
      const waiting = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiting.add(connection));
    }
  }

  #stopWaiting(connection: C, group: string | undefined): void {
    this.#waiting.get(undefined)?.delete(connection);
    if (group === undefined) return;
    const waiting = this.#waiting.get(group);
    waiting?.delete(connection);
    if (waiting?.size === 0) this.#waiting.delete(group);
  }
}
