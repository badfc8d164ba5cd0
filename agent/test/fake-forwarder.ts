import { createSocket } from "node:dgram";
import {
  decodeGwmp,
  decodeTxpk,
  encodeGwmp,
  encodePushData,
  type RadioFrame,
  type Txpk,
} from "@earshot/drivers";

const EUI = "00800000a0001234";

/** A packet forwarder over real UDP: asks for work, acknowledges every transmission, pushes the frames that the test gives it. */
export class FakeForwarder {
  readonly #socket = createSocket("udp4");
  readonly #port: number;
  readonly #transmissions: Txpk[] = [];
  #waiting: ((txpk: Txpk) => void) | undefined;
  #pullAcknowledged = Promise.withResolvers<void>();
  #token = 0;

  constructor(port: number) {
    this.#port = port;
    this.#socket.on("message", (bytes) => this.#receive(bytes));
    // What it sent to an agent that was just killed is told as an error; a forwarder goes on.
    this.#socket.on("error", () => {});
  }

  /** Resolves when the agent has acknowledged. */
  async pull(): Promise<void> {
    this.#pullAcknowledged = Promise.withResolvers();
    this.#send({ type: "PULL_DATA", version: 2, token: this.#token++, gatewayEui: EUI });
    await this.#pullAcknowledged.promise;
  }

  push(frames: readonly RadioFrame[]): void {
    const json = encodePushData({ receptions: frames.map((frame) => ({ frame })) });
    this.#send({ type: "PUSH_DATA", version: 2, token: this.#token++, gatewayEui: EUI, json });
  }

  /** What the agent has it transmit next. */
  async transmission(): Promise<Txpk> {
    const first = this.#transmissions.shift();
    if (first !== undefined) return first;
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  close(): void {
    this.#socket.close();
  }

  #send(datagram: Parameters<typeof encodeGwmp>[0]): void {
    this.#socket.send(encodeGwmp(datagram), this.#port, "127.0.0.1");
  }

  #receive(bytes: Uint8Array): void {
    const decoded = decodeGwmp(bytes);
    if (!decoded.ok) return;
    const { datagram } = decoded;
    if (datagram.type === "PULL_ACK") this.#pullAcknowledged.resolve();
    if (datagram.type !== "PULL_RESP") return;
    const txpk = decodeTxpk(datagram.json);
    if (!txpk.ok) throw new Error(`The agent sent a bad txpk: ${JSON.stringify(txpk)}`);
    const json = new Uint8Array();
    this.#send({ type: "TX_ACK", version: 2, token: datagram.token, gatewayEui: EUI, json });
    if (this.#waiting === undefined) this.#transmissions.push(txpk.txpk);
    else this.#waiting(txpk.txpk);
    this.#waiting = undefined;
  }
}
