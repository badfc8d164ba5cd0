import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import {
  decodeGwmp,
  decodeTxpk,
  encodeGwmp,
  encodePushData,
  type RadioFrame,
  type Txpk,
} from "@earshot/drivers";

const EUI = "00800000a0001234";

/** A packet forwarder over real UDP: asks for work, acknowledges every transmission, pushes what it is told. */
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

const TPV = { class: "TPV", device: "/dev/ttyS0", mode: 3, lat: 47.3667, lon: 8.55, altMSL: 408.2, eph: 3.1 };
const SKY = {
  class: "SKY",
  device: "/dev/ttyS0",
  uSat: 2,
  satellites: [
    { PRN: 5, gnssid: 0, svid: 5, ss: 41, el: 50, az: 120, used: true },
    { PRN: 12, gnssid: 0, svid: 12, ss: 33.5, el: 20, az: 250, used: true },
  ],
};

/** Speaks as gpsd does: a banner, and one report when asked to watch. */
export async function startFakeGpsd(): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    writeLine(socket, { class: "VERSION", release: "3.22", proto_major: 3, proto_minor: 14 });
    socket.on("data", (data) => {
      if (!String(data).includes("?WATCH")) return;
      writeLine(socket, SKY);
      writeLine(socket, TPV);
      writeLine(socket, TPV);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return {
    port: address.port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const writeLine = (socket: Socket, object: object) => socket.write(`${JSON.stringify(object)}\r\n`);
