import {
  bindUdp,
  type DatagramSocket,
  decodeGwmp,
  decodeTxpk,
  encodeGwmp,
  encodeTxpkAck,
  type Txpk,
} from "@earshot/drivers";
import type { Clock } from "@earshot/protocol";

const HEADER = { version: 2, gatewayEui: "aa555a0000000002" } as const;
const KEEPALIVE_MS = 250;

/** A packet forwarder that asks for work and says that it sent whatever it was given. */
export class AnsweringForwarder implements AsyncDisposable {
  readonly #socket: DatagramSocket;
  readonly #stop = new AbortController();
  readonly #parts: Promise<unknown>;

  private constructor(socket: DatagramSocket, clock: Clock, udpPort: number) {
    this.#socket = socket;
    this.#parts = this.#keepAlive(clock, { host: "127.0.0.1", port: udpPort });
  }

  static async open(clock: Clock, udpPort: number): Promise<AnsweringForwarder> {
    return new AnsweringForwarder(await bindUdp({ host: "127.0.0.1", port: 0 }), clock, udpPort);
  }

  /** The next transmission that it is given. */
  async transmission(): Promise<Txpk> {
    for await (const { bytes, from } of this.#socket) {
      const decoded = decodeGwmp(bytes);
      if (!decoded.ok || decoded.datagram.type !== "PULL_RESP") continue;
      const { token, json } = decoded.datagram;
      const work = decodeTxpk(json);
      const answer = encodeTxpkAck(work.ok ? { sent: true } : { sent: false, error: "UNKNOWN" });
      await this.#socket.send(encodeGwmp({ type: "TX_ACK", token, json: answer, ...HEADER }), from);
      if (work.ok) return work.txpk;
    }
    throw new Error("The forwarder's socket was closed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#parts;
    await this.#socket.close();
  }

  async #keepAlive(clock: Clock, to: { host: string; port: number }): Promise<void> {
    const { signal } = this.#stop;
    for (let token = 0; !signal.aborted; token = (token + 1) & 0xffff) {
      // The agent may not listen yet, or not any more.
      await this.#socket.send(encodeGwmp({ type: "PULL_DATA", token, ...HEADER }), to).catch(() => {});
      await clock.sleep(KEEPALIVE_MS, signal).catch(() => {});
    }
  }
}
