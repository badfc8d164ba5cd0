import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { errorCode, errorText } from "@earshot/protocol/runtime";
import { type Datagram, type DatagramSocket, LinkLostError, type SocketAddress } from "../driver.ts";
import { ReadingQueue } from "./reading-queue.ts";

export interface BindUdpOptions extends SocketAddress {
  /** Datagrams queued while nobody reads them; beyond it the oldest is dropped, as a kernel buffer would. */
  capacity?: number;
}

/**
 * Binds a UDP socket. Port 0 lets the system choose; `local` says which. IPv4 unless `host` is an IPv6 address.
 *
 * @throws {LinkLostError} when the address cannot be bound, or later from the iteration when the socket fails.
 */
export async function bindUdp(options: BindUdpOptions): Promise<DatagramSocket> {
  const where = `udp ${options.host}:${options.port}`;
  const socket = createSocket(options.host.includes(":") ? "udp6" : "udp4");
  try {
    const bound = once(socket, "listening");
    socket.bind(options.port, options.host);
    await bound;
  } catch (error) {
    socket.close();
    throw new LinkLostError(`Cannot bind ${where}: ${errorText(error)}`, { cause: error });
  }
  return new BoundUdpSocket(socket, where, options.capacity ?? 4096);
}

/** What ICMP reports about a datagram that was sent. */
const UNREACHABLE: ReadonlySet<string> = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"]);

class BoundUdpSocket implements DatagramSocket {
  readonly local: SocketAddress;
  readonly #socket: Socket;
  readonly #where: string;
  readonly #received: ReadingQueue<Datagram>;
  #closing: Promise<void> | undefined;

  constructor(socket: Socket, where: string, capacity: number) {
    const { address, port } = socket.address();
    this.local = { host: address, port };
    this.#socket = socket;
    this.#where = where;
    this.#received = new ReadingQueue({ capacity, onLeave: () => this.close() });
    socket.on("message", (bytes: Uint8Array, from: RemoteInfo) => {
      this.#received.push({ bytes: Uint8Array.from(bytes), from: { host: from.address, port: from.port } });
    });
    socket.on("error", (error) => {
      // Bun asks the kernel for them: what was sent reached nobody. Whoever it was for may be gone; the socket is well.
      if (UNREACHABLE.has(errorCode(error))) return;
      this.#received.fail(new LinkLostError(`Lost ${this.#where}: ${errorText(error)}`, { cause: error }));
    });
  }

  async send(bytes: Uint8Array, to: SocketAddress): Promise<void> {
    try {
      await this.#send(bytes, to);
    } catch (error) {
      // The kernel reports with this datagram what became of an earlier one, and has not sent this one.
      if (!(error instanceof LinkLostError) || !UNREACHABLE.has(errorCode(error.cause))) throw error;
      await this.#send(bytes, to);
    }
  }

  #send(bytes: Uint8Array, to: SocketAddress): Promise<void> {
    if (this.#closing !== undefined) {
      return Promise.reject(new LinkLostError(`Cannot send: ${this.#where} is closed`));
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.send(bytes, to.port, to.host, (error) => {
      if (!error) resolve();
      else {
        const what = `Cannot send to ${to.host}:${to.port} from ${this.#where}: ${errorText(error)}`;
        reject(new LinkLostError(what, { cause: error }));
      }
    });
    return promise;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncIterator](): AsyncIterator<Datagram> {
    return this.#received[Symbol.asyncIterator]();
  }

  async #close(): Promise<void> {
    this.#received.end();
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}
