import type { Clock } from "@earshot/protocol/hotspot";

export interface ConnectionGateOptions {
  clock: Clock;
  /** Most connections that have not passed yet; one more ends the one that waited longest. */
  maxWaiting: number;
  /** A connection that has not passed after so long is ended. */
  limitMs: number;
}

/** What the gate needs of a socket of `node:net` or `node:tls`. */
export interface GatedSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  destroy(): void;
  on(event: "error", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** A TLS socket and the TCP socket below it are one connection. */
const nameOf = ({ remoteAddress = "", remotePort = 0 }: GatedSocket): string =>
  `${remoteAddress} ${remotePort}`;

/**
 * Keeps a listener reachable: whoever connects and sends nothing, or sends it slowly, uses up a bounded number of
 * sockets for a bounded time, and never keeps out the one who comes after.
 */
export class ConnectionGate {
  readonly #options: ConnectionGateOptions;
  readonly #sockets = new Set<GatedSocket>();
  /** By `nameOf`, longest waiting first. */
  readonly #waiting = new Map<string, { socket: GatedSocket; passed: AbortController }>();

  constructor(options: ConnectionGateOptions) {
    this.#options = options;
  }

  /** Of a new TCP connection. */
  enter(socket: GatedSocket): void {
    const name = nameOf(socket);
    const passed = new AbortController();
    this.#sockets.add(socket);
    this.#waiting.set(name, { socket, passed });
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (this.#waiting.get(name)?.socket === socket) this.pass(socket);
    });
    const { clock, limitMs, maxWaiting } = this.#options;
    clock.sleep(limitMs, passed.signal).then(
      () => this.#refuse(name),
      () => {},
    );
    const [longest] = this.#waiting.keys();
    if (this.#waiting.size > maxWaiting && longest !== undefined) this.#refuse(longest);
  }

  /** It has sent its request: it may stay. */
  pass(socket: GatedSocket): void {
    const name = nameOf(socket);
    this.#waiting.get(name)?.passed.abort();
    this.#waiting.delete(name);
  }

  /** Ends every connection, those that passed too. */
  endAll(): void {
    for (const { passed } of this.#waiting.values()) passed.abort();
    this.#waiting.clear();
    for (const socket of this.#sockets) socket.destroy();
  }

  #refuse(name: string): void {
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    waiting?.passed.abort();
    waiting?.socket.destroy();
  }
}
