import { readFile } from "node:fs/promises";

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
 * Limits connections. When there are too many, the one that has waited longest for a request or a login is closed for a
 * new one; where none waits, the new one is refused.
 */
export class Connections<C extends Connection> {
  readonly #limits: ConnectionLimits;
  readonly #held = new Map<C, Held>();
  /** Those that wait for a request, the longest first, by group; `undefined` holds all. */
  readonly #waiting = new Map<string | undefined, Set<C>>([[undefined, new Set()]]);
  readonly #sizes = new Map<string, number>();
  /** Closed or refused to keep within the limits. */
  dropped = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#held.size;
  }

  /**
   * Counts a new connection; a refused one is destroyed, and the answer is false.
   * @param group whose connections are counted together; `undefined` is a proxy's, which counts only in all
   */
  add(connection: C, group: string | undefined): boolean {
    const { max, maxPerAddress, maxWaiting = max } = this.#limits;
    const isFull = group !== undefined && (this.#sizes.get(group) ?? 0) >= maxPerAddress;
    if (
      (isFull && !this.#closeOldest(group)) ||
      (this.#isFull(max, maxWaiting) && !this.#closeOldest(undefined))
    ) {
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

  #closeOldest(group: string | undefined): boolean {
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

/** Reserved for store, bundles, log, event loop and whatever else is open. */
export const RESERVED_DESCRIPTORS = 128;
/** Hotspots come first: readers get a quarter where there are not enough for both. */
const HTTP_SHARE = 0.25;

interface ConnectionShares {
  http: number;
  /** Of the embedded broker. */
  broker: number;
  /** A sentence for the log where these are fewer than configured. */
  problem?: string;
}

/** Descriptors that this process may have open, where the system says so (Linux). */
export async function descriptorLimit(): Promise<number | undefined> {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/**
 * How many connections each listener takes, so that neither of them takes the last descriptor.
 * @param wanted as configured; `broker` is 0 where another broker serves the hotspots
 */
export function sharedConnections(
  descriptors: number | undefined,
  wanted: { http: number; broker: number },
): ConnectionShares {
  const free = Math.max(2, (descriptors ?? Number.POSITIVE_INFINITY) - RESERVED_DESCRIPTORS);
  if (wanted.http + wanted.broker <= free) return wanted;
  const share = Math.max(Math.floor(free * HTTP_SHARE), free - wanted.broker);
  const given = { http: Math.min(wanted.http, share), broker: 0 };
  given.broker = Math.min(wanted.broker, free - given.http);
  const problem =
    `This process may open ${descriptors} files, too few for http.max_connections = ${wanted.http} and ` +
    `broker.max_connections = ${wanted.broker}: it takes ${given.http} and ${given.broker}. Raise the limit ` +
    "(ulimit -n, LimitNOFILE) or lower these";
  return { ...given, problem };
}
