import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { encodePacket, entropyTopic, hotspotId, silentLog, upTopic } from "@earshot/protocol";
import { openEmbeddedBroker } from "../src/broker/embedded.ts";
import { type ExternalBroker, openExternalBroker } from "../src/broker/external.ts";
import type { IngestOutcome, Uplink } from "../src/contract.ts";
import { FIRST_EPOCH, PARAMETERS, signers, statusPacket } from "../src/epochs/test-network.ts";
import { connectHotspot } from "./hotspot-client.ts";
import { isMosquittoMissing, Mosquitto } from "./mosquitto.ts";

const { network } = PARAMETERS;
const signer = signers.a;
const id = hotspotId(signer.publicKey);
const topic = upTopic(network, id, "status");
const nowMs = FIRST_EPOCH * 8000;
const packet = (sequence: number) =>
  Buffer.from(encodePacket(statusPacket(sequence, nowMs), signer, network));
const account = { signer, network, nowMs };
const anonymous = { username: undefined, password: undefined } as const;

/** An uplink whose store is a list; `take` may hold or fail. */
class ListUplink implements Uplink {
  readonly stored: Uint8Array[] = [];
  readonly announced: number[] = [];
  take: () => Promise<void> = async () => undefined;
  readonly #waiting: (() => void)[] = [];

  async ingest(_topic: string, bytes: Uint8Array): Promise<IngestOutcome> {
    await this.take();
    this.stored.push(bytes);
    for (const wake of this.#waiting.splice(0)) wake();
    return { ok: true, outcome: "stored", packetId: "" };
  }

  async until(count: number): Promise<void> {
    while (this.stored.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async announce(): Promise<void> {
    this.announced.push(this.stored.length);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async untilAnnounced(count: number): Promise<void> {
    while (this.announced.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  login = () => ({ ok: true, hotspotId: id }) as const;
  mayPublish = () => true;
  maySubscribe = () => true;
  presence = () => undefined;
}

describe.skipIf(isMosquittoMissing)("with Mosquitto", () => {
  let mosquitto: Mosquitto;
  let uplink: ListUplink;
  let broker: ExternalBroker;
  const open = () =>
    openExternalBroker({
      url: `mqtt://127.0.0.1:${mosquitto.port}`,
      clientId: "gateway",
      network,
      log: silentLog,
    });

  beforeEach(async () => {
    mosquitto = await Mosquitto.start();
    uplink = new ListUplink();
    broker = open();
    await broker.serve(uplink);
  });
  afterEach(async () => {
    await broker.close();
    await mosquitto[Symbol.asyncDispose]();
  });

  test("packets come in, entropy goes out and stays for who comes later", async () => {
    await using hotspot = await connectHotspot(mosquitto.port, account, anonymous);
    await hotspot.client.publishAsync(topic, packet(1), { qos: 1 });
    await uplink.until(1);
    expect(uplink.stored).toEqual([new Uint8Array(packet(1))]);
    await broker.publish(entropyTopic(network), Uint8Array.of(7), { retain: true });
    const message = hotspot.nextMessage();
    await hotspot.client.subscribeAsync(entropyTopic(network), { qos: 1 });
    expect(await message).toEqual({ topic: entropyTopic(network), payload: Uint8Array.of(7) });
  });

  test("what was not stored is not acknowledged: a gateway killed meanwhile gets it again", async () => {
    const called = Promise.withResolvers<void>();
    uplink.take = () => {
      called.resolve();
      return new Promise(() => undefined);
    };
    await using hotspot = await connectHotspot(mosquitto.port, account, anonymous);
    await hotspot.client.publishAsync(topic, packet(1), { qos: 1 });
    await called.promise;
    await broker.close();
    const next = new ListUplink();
    broker = open();
    await broker.serve(next);
    await next.until(1);
    expect(next.stored).toEqual([new Uint8Array(packet(1))]);
  });

  test("what was stored is acknowledged: it does not come again", async () => {
    await using hotspot = await connectHotspot(mosquitto.port, account, anonymous);
    await hotspot.client.publishAsync(topic, packet(1), { qos: 1 });
    await uplink.until(1);
    // The second comes after the first in the same session, so the first one's PUBACK is out by then.
    await hotspot.client.publishAsync(topic, packet(2), { qos: 1 });
    await uplink.until(2);
    await broker.close();
    const next = new ListUplink();
    broker = open();
    await broker.serve(next);
    await hotspot.client.publishAsync(topic, packet(3), { qos: 1 });
    await next.until(1);
    expect(next.stored.map((bytes) => Buffer.from(bytes).equals(packet(1)))).not.toContain(true);
  });

  test("when the store fails, the broker sends the packet again", async () => {
    let failures = 0;
    uplink.take = async () => {
      if (failures++ === 0) throw new Error("disk full");
    };
    await using hotspot = await connectHotspot(mosquitto.port, account, anonymous);
    await hotspot.client.publishAsync(topic, packet(1), { qos: 1 });
    await uplink.until(1);
    expect(uplink.stored).toEqual([new Uint8Array(packet(1))]);
  });

  test("it comes back to a broker that was killed, subscribes and announces again", async () => {
    await mosquitto.stop("SIGKILL");
    await mosquitto.run();
    await uplink.untilAnnounced(2);
    await using hotspot = await connectHotspot(mosquitto.port, account, anonymous);
    await hotspot.client.publishAsync(topic, packet(1), { qos: 1 });
    await uplink.until(1);
    expect(uplink.stored).toHaveLength(1);
  });
});

test("a broker that speaks only MQTT 3.1.1 is spoken to in that", async () => {
  const old = await openEmbeddedBroker({ host: "127.0.0.1", port: 0, maxConnections: 9, log: silentLog });
  const uplink = new ListUplink();
  uplink.login = () => ({ ok: true, hotspotId: "gateway" }) as never;
  old.serve(uplink);
  const url = `mqtt://127.0.0.1:${old.port}`;
  const broker = openExternalBroker({
    url,
    clientId: "gateway",
    username: "gateway",
    network,
    log: silentLog,
  });
  await broker.serve(uplink);
  expect(uplink.announced).toHaveLength(1);
  await broker.close();
  await old.close();
});

test("a broker that is not there is named", async () => {
  const url = "mqtt://127.0.0.1:1";
  const broker = openExternalBroker({ url, clientId: "gateway", network, log: silentLog });
  const outcome = await broker.serve(new ListUplink()).catch((error: Error) => error.message);
  expect(await broker.publish("x", Uint8Array.of(1)).catch((error: Error) => error.message)).toContain(
    "not connected",
  );
  expect(outcome).toContain("Cannot connect to the broker mqtt://127.0.0.1:1");
});
