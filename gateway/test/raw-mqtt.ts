import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { downFilter, silentLog, upTopic } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { generate, type IConnectPacket, type Packet, parser } from "mqtt-packet";
import { mayPublish, maySubscribe } from "../src/access/access.ts";
import {
  type EmbeddedBroker,
  type EmbeddedBrokerOptions,
  openEmbeddedBroker,
} from "../src/broker/embedded.ts";
import type { ProtocolVersion } from "../src/broker/mqtt/codec.ts";
import type { Uplink } from "../src/broker/uplink.ts";
import type { IngestOutcome } from "../src/ingest/ingest.ts";
import { type GatewayMetrics, newMetrics } from "../src/monitoring/metrics.ts";

export const NETWORK = "testnet-1";
export const downOf = (id: string) => downFilter(NETWORK, id);
export const statusOf = (id: string) => upTopic(NETWORK, id, "status");

/** An uplink whose hotspots have names for ids and one password; `take` may hold or fail. */
class TestUplink implements Uplink {
  readonly taken: { topic: string; text: string; sender: string | undefined }[] = [];
  readonly presences: string[] = [];
  /** Of every password that it was shown. */
  logins = 0;
  readonly #goings: (() => void)[] = [];
  take: (text: string) => Promise<void> = async () => undefined;

  async ingest(topic: string, bytes: Uint8Array, sender?: string): Promise<IngestOutcome> {
    const text = new TextDecoder().decode(bytes);
    this.taken.push({ topic, text, sender });
    await this.take(text);
    return { ok: true, outcome: "stored", packetId: text };
  }

  login(username: string, password: string) {
    this.logins++;
    if (password !== "token") return { ok: false, code: "unknown_hotspot" } as const;
    return { ok: true, hotspotId: username } as const;
  }

  mayPublish(id: string, topic: string): boolean {
    return mayPublish(NETWORK, id, topic);
  }

  maySubscribe(id: string, filter: string): boolean {
    return maySubscribe(NETWORK, id, filter);
  }

  presence(id: string, online: boolean): void {
    this.presences.push(`${id} ${online ? "online" : "offline"}`);
    if (!online) for (const resolve of this.#goings.splice(0)) resolve();
  }

  /** Resolves when the broker sees the next session end. */
  nextEnd(): Promise<void> {
    return new Promise((resolve) => this.#goings.push(resolve));
  }

  async announce(): Promise<void> {}
}

export interface TestBroker extends AsyncDisposable {
  broker: EmbeddedBroker;
  uplink: TestUplink;
  clock: ManualClock;
  metrics: GatewayMetrics;
  connect(version: ProtocolVersion, changes?: Partial<IConnectPacket>): Promise<RawClient>;
  open(): Promise<RawClient>;
}

/** The real broker on a free port, in virtual time, over a test uplink. */
export async function startTestBroker(
  changes: Partial<EmbeddedBrokerOptions> = {},
  clock = new ManualClock(),
): Promise<TestBroker> {
  const [uplink, metrics] = [new TestUplink(), newMetrics()];
  const where = { host: "127.0.0.1", port: 0, maxConnections: 100 };
  const broker = await openEmbeddedBroker({ ...where, clock, log: silentLog, metrics, ...changes });
  broker.serve(uplink);
  return {
    broker,
    uplink,
    clock,
    metrics,
    open: () => RawClient.open(broker.port),
    async connect(version, packet) {
      const client = await RawClient.open(broker.port);
      client.send(connectPacket(version, packet));
      const connack = await client.next();
      if (connack === "closed" || connack.cmd !== "connack")
        throw new Error(`No CONNACK: ${String(connack)}`);
      client.connack = connack;
      return client;
    },
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

export const connectPacket = (
  version: ProtocolVersion,
  changes: Partial<IConnectPacket> = {},
): IConnectPacket => ({
  cmd: "connect",
  protocolId: "MQTT",
  protocolVersion: version,
  clean: true,
  keepalive: 0,
  clientId: changes.username ?? "a",
  username: "a",
  password: Buffer.from("token"),
  ...changes,
});

/** Speaks MQTT packet by packet, and anything else byte by byte; acknowledges nothing by itself. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  connack: Extract<Packet, { cmd: "connack" }> | undefined;
  #version: ProtocolVersion = 4;
  #packets = parser({ protocolVersion: 4 });
  readonly #inbox: (Packet | "closed")[] = [];
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk) => this.#packets.parse(chunk));
    socket.on("close", () => this.#put("closed"));
    this.#listen();
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new RawClient(socket);
  }

  /** A CONNECT sets the version that all later packets are written and read in. */
  send(...packets: Packet[]): void {
    for (const packet of packets) {
      if (packet.cmd === "connect") this.speak(packet.protocolVersion === 5 ? 5 : 4);
      this.socket.write(generate(packet, { protocolVersion: this.#version }));
    }
  }

  speak(version: ProtocolVersion): void {
    this.#version = version;
    this.#packets = parser({ protocolVersion: version });
    this.#listen();
  }

  sendBytes(...bytes: number[]): void {
    this.socket.write(Uint8Array.from(bytes));
  }

  /** The next packet from the broker, or the end of the connection. */
  async next(): Promise<Packet | "closed"> {
    while (this.#inbox.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    return this.#inbox.shift() as Packet | "closed";
  }

  /** The next packet, which must be of this kind. */
  async expect<C extends Packet["cmd"]>(cmd: C): Promise<Extract<Packet, { cmd: C }>> {
    const packet = await this.next();
    if (packet === "closed" || packet.cmd !== cmd) {
      throw new Error(`Expected ${cmd}, got ${packet === "closed" ? packet : JSON.stringify(packet)}`);
    }
    return packet as Extract<Packet, { cmd: C }>;
  }

  /** All that comes until the connection ends; 5.0: the code of the DISCONNECT is the last but one. */
  async untilClosed(): Promise<Packet[]> {
    const packets: Packet[] = [];
    for (let packet = await this.next(); packet !== "closed"; packet = await this.next())
      packets.push(packet);
    return packets;
  }

  /** The code with which the broker ended the connection; 3.1.1: `undefined`. */
  async endCode(): Promise<number | undefined> {
    const last = (await this.untilClosed()).at(-1);
    return last?.cmd === "disconnect" ? last.reasonCode : undefined;
  }

  /** Comes back when the broker has looked at all that was sent before. */
  async ping(): Promise<void> {
    this.send({ cmd: "pingreq" });
    await this.expect("pingresp");
  }

  async subscribe(...filters: string[]): Promise<number[]> {
    this.send({
      cmd: "subscribe",
      messageId: 7,
      subscriptions: filters.map((topic) => ({ topic, qos: 1 as const })),
    });
    return (await this.expect("suback")).granted as number[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    if (!this.socket.closed) await once(this.socket, "close");
  }

  #listen(): void {
    this.#packets.on("packet", (packet) => this.#put(packet));
    this.#packets.on("error", (error) => {
      throw error;
    });
  }

  #put(what: Packet | "closed"): void {
    this.#inbox.push(what);
    this.#wake();
  }
}
