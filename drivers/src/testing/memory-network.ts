import { type Datagram, type DatagramSocket, LinkLostError, type SocketAddress } from "../driver.ts";
import { ObservedQueue } from "./observed-queue.ts";

const FIRST_EPHEMERAL_PORT = 49_152;
const keyOf = (address: SocketAddress) => `${address.host}:${address.port}`;

export interface MemoryNetworkOptions {
  /** Datagrams that each socket holds; beyond it the oldest is lost. */
  capacity?: number;
}

/**
 * UDP without a network. `send` puts the datagram into the receiver's queue before it returns, so the order of
 * delivery is the order of sending. A datagram to an address nobody has bound is lost, as on a real network.
 */
export class MemoryNetwork {
  readonly #sockets = new Map<string, MemorySocket>();
  readonly #capacity: number;
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(options: MemoryNetworkOptions = {}) {
    this.#capacity = options.capacity ?? 4096;
  }

  /** Binds `address`; port 0 chooses the next free one. Throws `LinkLostError` when the address is taken. */
  bind(address: SocketAddress): MemorySocket {
    const local = { host: address.host, port: address.port === 0 ? this.#freePort() : address.port };
    if (this.#sockets.has(keyOf(local))) throw new LinkLostError(`Cannot bind ${keyOf(local)}: in use`);
    const socket = new MemorySocket({
      local,
      capacity: this.#capacity,
      deliver: (bytes, to) => this.#find(to)?.receive({ bytes, from: local }),
      release: () => this.#sockets.delete(keyOf(local)),
    });
    this.#sockets.set(keyOf(local), socket);
    return socket;
  }

  /** Sockets bound now: 0 after a clean shutdown. */
  get bound(): number {
    return this.#sockets.size;
  }

  #find(to: SocketAddress): MemorySocket | undefined {
    return this.#sockets.get(keyOf(to)) ?? this.#sockets.get(keyOf({ host: "0.0.0.0", port: to.port }));
  }

  #freePort(): number {
    this.#nextPort += 1;
    return this.#nextPort - 1;
  }
}

interface MemorySocketOptions {
  local: SocketAddress;
  capacity: number;
  deliver: (bytes: Uint8Array, to: SocketAddress) => void;
  release: () => void;
}

/** One bound address of a `MemoryNetwork`. */
export class MemorySocket implements DatagramSocket {
  readonly local: SocketAddress;
  /** How often `close()` was called. */
  closeCalls = 0;
  readonly #options: MemorySocketOptions;
  readonly #received: ObservedQueue<Datagram>;

  constructor(options: MemorySocketOptions) {
    this.local = options.local;
    this.#options = options;
    this.#received = new ObservedQueue({ capacity: options.capacity, onLeave: async () => this.#end() });
  }

  /** Datagrams lost because nobody took them. */
  get overruns(): number {
    return this.#received.dropped;
  }

  receive(datagram: Datagram): void {
    this.#received.push(datagram);
  }

  /** The reader gets what has arrived, then a `LinkLostError`; the address is free again. */
  lose(message = "Lost the memory socket"): void {
    this.#options.release();
    this.#received.fail(new LinkLostError(message));
  }

  /** Resolves once the reader has dealt with everything delivered so far, or the socket ended. */
  drained(): Promise<void> {
    return this.#received.drained();
  }

  async send(bytes: Uint8Array, to: SocketAddress): Promise<void> {
    if (this.#received.ended) throw new LinkLostError("Cannot send: the memory socket is closed");
    this.#options.deliver(bytes.slice(), to);
  }

  async close(): Promise<void> {
    this.closeCalls += 1;
    this.#end();
  }

  [Symbol.asyncIterator](): AsyncIterator<Datagram, undefined> {
    return this.#received[Symbol.asyncIterator]();
  }

  #end(): void {
    if (!this.#received.ended) this.#options.release();
    this.#received.end();
  }
}
