import type { DatagramSocket, SocketAddress } from "../driver.ts";
import { decodeGwmp, encodeGwmp, type GwmpDatagram, type GwmpVersion } from "./gwmp-datagram.ts";

/** A good rxpk as sx1302_hal prints it, for tests; `fields` replace or add, `undefined` removes. */
export function rxpkText(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    jver: 1,
    tmst: 1_000_000,
    chan: 0,
    rfch: 1,
    freq: 868.1,
    mid: 3,
    stat: 1,
    modu: "LORA",
    datr: "SF7BW125",
    codr: "4/5",
    rssis: -60,
    lsnr: 9.2,
    foff: -1200,
    rssi: -57,
    size: 3,
    data: "QAEC",
    ...fields,
  });
}

export const pushText = (...rxpks: string[]) => `{"rxpk":[${rxpks.join(",")}]}`;

export interface TestForwarderOptions {
  up: DatagramSocket;
  down: DatagramSocket;
  server: SocketAddress;
  gatewayEui?: string;
  version?: GwmpVersion;
}

/** The forwarder's end of the protocol for tests: two sockets, as Semtech's has, and every step taken by hand. */
export class TestForwarder {
  readonly gatewayEui: string;
  readonly #options: TestForwarderOptions;
  readonly #version: GwmpVersion;
  readonly #upAnswers: AsyncIterator<GwmpDatagram>;
  readonly #downAnswers: AsyncIterator<GwmpDatagram>;

  constructor(options: TestForwarderOptions) {
    this.#options = options;
    this.#version = options.version ?? 2;
    this.gatewayEui = options.gatewayEui ?? "aa555a0000000000";
    this.#upAnswers = datagramsOf(options.up);
    this.#downAnswers = datagramsOf(options.down);
  }

  /** PUSH_DATA; resolves with the acknowledgement. */
  async push(json: string | Uint8Array, token = 0x6973): Promise<GwmpDatagram> {
    const bytes = typeof json === "string" ? new TextEncoder().encode(json) : json;
    const { gatewayEui } = this;
    const { up, server } = this.#options;
    await up.send(
      encodeGwmp({ type: "PUSH_DATA", version: this.#version, token, gatewayEui, json: bytes }),
      server,
    );
    return (await this.#upAnswers.next()).value;
  }

  /** PULL_DATA; resolves with the acknowledgement, so the server has dealt with all that was sent before. */
  async pull(token = 0x67c6): Promise<GwmpDatagram> {
    await this.#sendDown({ type: "PULL_DATA", version: this.#version, token, gatewayEui: this.gatewayEui });
    return this.nextDown();
  }

  /** The next datagram on the down socket. */
  async nextDown(): Promise<GwmpDatagram> {
    return (await this.#downAnswers.next()).value;
  }

  txAck(token: number, json = ""): Promise<void> {
    return this.#sendDown({
      type: "TX_ACK",
      version: this.#version,
      token,
      gatewayEui: this.gatewayEui,
      json: new TextEncoder().encode(json),
    });
  }

  /** Bytes as they are, from the up socket. */
  sendRaw(bytes: Uint8Array): Promise<void> {
    return this.#options.up.send(bytes, this.#options.server);
  }

  async close(): Promise<void> {
    await Promise.all([this.#options.up.close(), this.#options.down.close()]);
  }

  #sendDown(datagram: GwmpDatagram): Promise<void> {
    return this.#options.down.send(encodeGwmp(datagram), this.#options.server);
  }
}

async function* datagramsOf(socket: DatagramSocket): AsyncGenerator<GwmpDatagram> {
  for await (const { bytes } of socket) {
    const decoded = decodeGwmp(bytes);
    if (!decoded.ok) throw new Error(`The server sent a bad datagram: ${decoded.code}`);
    yield decoded.datagram;
  }
}
