import {
  type DecodedPacket,
  downTopic,
  type Entropy,
  entropyMessage,
  entropyTopic,
  hotspotId,
  type Packet,
  receiptMessage,
  upTopic,
  verifyPacket,
} from "@earshot/protocol";
import { systemClock } from "@earshot/protocol/runtime";
import mqtt, { type MqttClient } from "mqtt";
import { entropyValue, NETWORK, networkSigner } from "./harness.ts";

type Check = () => boolean;

/** The network as an agent sees it: publishes entropy, receives and verifies all packets. */
export class FakeNetwork {
  readonly packets: DecodedPacket[] = [];
  readonly #client: MqttClient;
  readonly #waiting = new Set<{ check: Check; resolve: () => void }>();
  /** Of the packets since the last receipt; `undefined` while none are sent. */
  #toConfirm: DecodedPacket[] | undefined;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => this.#receive(topic, Uint8Array.from(payload)));
  }

  static async connect(port: number): Promise<FakeNetwork> {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4 });
    const network = new FakeNetwork(client);
    await client.subscribeAsync(upTopic(NETWORK, "+", "status").replace(/status$/, "+"), { qos: 1 });
    return network;
  }

  /** Retained. One entropy is one window, so that every one has a beacon. */
  async publishEntropy(nowMs: number, periodMs: number): Promise<void> {
    const index = Math.floor(nowMs / periodMs);
    const entropy: Entropy = {
      index,
      atMs: nowMs,
      value: entropyValue(index),
      previousHash: new Uint8Array(32),
      periodMs,
      validityMs: 180_000,
      windowPeriods: 1,
      windowValue: entropyValue(index),
      reportDeadlineMs: 1,
      revealDeadlineMs: null,
      source: null,
      state: null,
    };
    const bytes = Buffer.from(entropyMessage.seal(entropy, networkSigner, NETWORK));
    await this.#client.publishAsync(entropyTopic(NETWORK), bytes, { qos: 1, retain: true });
  }

  /** From now on each status is answered with a receipt, as the gateway does. */
  confirm(): void {
    this.#toConfirm = [];
  }

  of<T extends Packet["type"]>(type: T): Extract<Packet, { type: T }>[] {
    return this.packets
      .map(({ packet }) => packet)
      .filter((packet): packet is Extract<Packet, { type: T }> => packet.type === type);
  }

  /** Resolves as soon as `check` holds; it is asked again with each packet. */
  until(check: Check): Promise<void> {
    if (check()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ check, resolve }));
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #receive(topic: string, bytes: Uint8Array): void {
    const verified = verifyPacket(bytes, NETWORK);
    if (!verified.ok) throw new Error(`${topic}: ${verified.code}`);
    this.packets.push(verified.decoded);
    this.#toConfirm?.push(verified.decoded);
    if (verified.decoded.packet.type === "status") this.#answer(verified.decoded);
    for (const waiter of this.#waiting) {
      if (!waiter.check()) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  #answer({ id: answers, publicKey: hotspot }: DecodedPacket): void {
    if (this.#toConfirm === undefined) return;
    const atMs = systemClock.now();
    const stored = this.#toConfirm.map(({ id, packet }) => ({
      sequence: packet.sequence,
      packetId: id,
      receivedAtMs: atMs,
    }));
    this.#toConfirm = [];
    const receipt = receiptMessage.seal(
      {
        atMs,
        hotspot,
        answers,
        stored,
        used: [],
        gateway: null,
        lowest: null,
        copies: null,
        commitments: null,
      },
      networkSigner,
      NETWORK,
    );
    this.#client.publish(downTopic(NETWORK, hotspotId(hotspot), "receipt"), Buffer.from(receipt), { qos: 1 });
  }
}
