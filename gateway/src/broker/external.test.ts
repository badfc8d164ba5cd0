import { beforeEach, describe, expect, test } from "bun:test";
import { type LogLevel, logTo, silentLog, upTopic } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { generate, type Packet } from "mqtt-packet";
import type { IngestOutcome } from "../ingest/ingest.ts";
import { idOf } from "../testing/test-network.ts";
import { acceptAll, ScriptedBroker, type ScriptedConnection } from "./client/scripted-broker.ts";
import { type ExternalBroker, openExternalBroker } from "./external.ts";
import type { Uplink } from "./uplink.ts";

const URL = "mqtt://broker.example:1883";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const topic = upTopic("demo", idOf("a"), "status");

interface Taken {
  topic: string;
  bytes: Uint8Array;
  stored: PromiseWithResolvers<IngestOutcome>;
}

let scripted: ScriptedBroker;
let clock: ManualClock;
let broker: ExternalBroker;
let taken: Taken[];
let announced: number;
let lines: { level: LogLevel; message: string; fields: Readonly<Record<string, unknown>> }[];
let uplink: Uplink;

beforeEach(() => {
  scripted = new ScriptedBroker();
  clock = new ManualClock();
  taken = [];
  lines = [];
  announced = 0;
  uplink = {
    ingest(topic, bytes) {
      const stored = Promise.withResolvers<IngestOutcome>();
      taken.push({ topic, bytes, stored });
      return stored.promise;
    },
    announce: async () => void announced++,
    login: () => ({ ok: false, code: "unknown_hotspot" }),
    mayPublish: () => false,
    maySubscribe: () => false,
    presence: () => undefined,
  };
  broker = openExternalBroker({
    url: URL,
    clientId: "gateway",
    network: "demo",
    clock,
    log: logTo((level, message, fields) => lines.push({ level, message, fields })),
    openSocket: scripted.openSocket,
  });
});

const settle = () => clock.advance(0);
const store = (at: number) => taken[at]?.stored.resolve({ ok: true, outcome: "stored", packetId: "" });
const said = (message: string) => lines.filter((line) => line.message.startsWith(message));
const publish = (messageId: number, changes: object = {}): Packet => ({
  ...{
    cmd: "publish",
    topic,
    payload: Buffer.of(messageId & 255),
    messageId,
    qos: 1,
    dup: false,
    retain: false,
  },
  ...changes,
});
const acknowledged = (connection = scripted.last) =>
  connection.of("puback").map(({ messageId }) => messageId);

/** Sends all these, in pieces as a socket would. */
async function sendAll(packets: readonly Packet[]): Promise<void> {
  for (let from = 0; from < packets.length; from += 100) {
    scripted.last.send(...packets.slice(from, from + 100));
    await settle();
  }
}

describe("packets that come", () => {
  beforeEach(() => broker.serve(uplink));

  test("are all handed over at once, and acknowledged in their order, each once it is stored", async () => {
    await sendAll([1, 2, 3, 4].map((id) => publish(id)));
    expect(taken.map(({ bytes }) => bytes[0])).toEqual([1, 2, 3, 4]);
    store(1);
    store(3);
    await settle();
    expect(acknowledged()).toEqual([]);
    store(0);
    await settle();
    expect(acknowledged()).toEqual([1, 2]);
    store(2);
    await settle();
    expect(acknowledged()).toEqual([1, 2, 3, 4]);
  });

  test("that cannot be stored end the connection, unacknowledged, so that they come again", async () => {
    await sendAll([publish(1), publish(2)]);
    taken[0]?.stored.reject(new Error("disk full"));
    store(1);
    await settle();
    expect(scripted.last.isClosed).toBe(true);
    expect(acknowledged()).toEqual([]);
    expect(said("Broker not connected")[0]?.fields.error).toContain("disk full");
    await clock.advance(1000);
    await sendAll([publish(1, { dup: true })]);
    store(2);
    await settle();
    expect(acknowledged()).toEqual([1]);
  });

  test("are not read further while too many wait, whatever the broker was asked for", async () => {
    const count = 5000;
    await sendAll(Array.from({ length: count }, (_, i) => publish(i + 1, i % 2 === 0 ? {} : { qos: 0 })));
    expect(taken.length).toBe(1024);
    for (let at = 0; at < count; at++) {
      store(at);
      if (at % 500 === 0) await settle();
    }
    await settle();
    expect(taken).toHaveLength(count);
    expect(acknowledged()).toEqual(Array.from({ length: count / 2 }, (_, i) => 2 * i + 1));
  });

  test("and are larger than a packet may be are cut, handed over and acknowledged: they must not come again", async () => {
    const large = generate(publish(7, { payload: Buffer.alloc(3_000_000) }), { protocolVersion: 5 });
    for (let from = 0; from < large.length; from += 65_536) {
      scripted.last.socket.write(large.subarray(from, from + 65_536));
      await settle();
    }
    await sendAll([publish(8)]);
    expect(taken.map(({ topic: of }) => of)).toEqual([topic, topic]);
    expect(taken[0]?.bytes.length).toBeGreaterThan(1024);
    expect(taken[0]?.bytes.length).toBeLessThan(70_000);
    store(0);
    store(1);
    await settle();
    expect(acknowledged()).toEqual([7, 8]);
  });

  const faults: Record<string, Packet | Buffer> = {
    "QoS 2": publish(1, { qos: 2 }),
    "packet id 0": Buffer.from([0x32, 6, 0, 1, 0x61, 0, 0, 0]),
    "a length of five bytes": Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1]),
    "what only clients send": { cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "a", qos: 0 }] },
    "a second CONNACK": { cmd: "connack", sessionPresent: false, reasonCode: 0 },
    goodbye: { cmd: "disconnect", reasonCode: 0x8e },
  };
  for (const [what, bytes] of Object.entries(faults)) {
    test(`a broker that sends ${what} is left, and asked again later`, async () => {
      scripted.last.socket.write(Buffer.isBuffer(bytes) ? bytes : generate(bytes, { protocolVersion: 5 }));
      await settle();
      expect(scripted.last.isClosed).toBe(true);
      expect(taken).toEqual([]);
      await clock.advance(1000);
      expect([scripted.connections.length, broker.problem?.()]).toEqual([2, undefined]);
    });
  }
});

describe("the connection", () => {
  test("keeps a session at the broker and asks for no more than it can hold", async () => {
    await broker.serve(uplink);
    expect(scripted.last.of("connect")[0]).toMatchObject({
      protocolVersion: 5,
      clean: false,
      properties: { sessionExpiryInterval: 604_800, receiveMaximum: 1000, maximumPacketSize: 8192 },
    });
    expect(scripted.last.of("subscribe")[0]?.subscriptions).toMatchObject([
      { topic: "earshot/1/demo/+/up/+", qos: 1 },
    ]);
  });

  test("a broker that is away at the start is waited for, in few words, and found when it comes", async () => {
    scripted.isAway = true;
    await broker.serve(uplink);
    expect(broker.problem?.()).toBe(`The broker ${URL} is not connected: connect ECONNREFUSED`);
    await expect(broker.publish("x", Uint8Array.of(1))).rejects.toThrow("not connected");
    await clock.advance(DAY_MS);
    expect(scripted.attempts).toBeGreaterThan(2000);
    expect(lines.length).toBeLessThan(15);
    scripted.isAway = false;
    await clock.advance(30_000);
    expect([broker.problem?.(), announced]).toEqual([undefined, 1]);
    await broker.publish("x", Uint8Array.of(1));
    await broker.close();
    expect(clock.pending).toBe(0);
  });

  test("waits are doubled up to half a minute, and begin anew after a connection that lasted", async () => {
    scripted.isAway = true;
    await broker.serve(uplink);
    await clock.advance(200_000);
    const retries = said("Broker not connected").map(({ fields }) => fields.retryMs);
    expect(retries).toEqual([1000, 2000, 8000, 30_000]);
    scripted.isAway = false;
    await clock.advance(90_000);
    scripted.last.socket.destroy();
    await settle();
    expect(said("Broker not connected").at(-1)?.fields).toMatchObject({ failures: 1, retryMs: 1000 });
  });

  test("a broker that lets in and closes again at once is asked less and less often, in few words", async () => {
    scripted.answer = (packet, connection) => {
      acceptAll(packet, connection);
      if (packet.cmd === "subscribe") connection.socket.end();
    };
    await broker.serve(uplink);
    await clock.advance(DAY_MS / 24);
    expect(scripted.attempts).toBeLessThan(130);
    expect(lines.length).toBeLessThan(20);
  });

  test("one that comes and goes each minute is told in full twice, then once an hour", async () => {
    await broker.serve(uplink);
    for (let minute = 0; minute < 150; minute++) {
      await clock.advance(60_000);
      scripted.last.socket.destroy();
    }
    expect(said("Broker connected")).toHaveLength(3);
    expect(said("Broker not connected")).toHaveLength(2);
    expect(said("The connection to the broker comes and goes")).toHaveLength(3);
    expect(lines).toHaveLength(8);
  });

  test("subscribes and announces the entropy each time", async () => {
    await broker.serve(uplink);
    scripted.last.socket.destroy();
    await clock.advance(1000);
    expect(scripted.connections.map((connection) => connection.of("subscribe").length)).toEqual([1, 1]);
    expect(announced).toBe(2);
  });

  const oldBrokers: Record<string, (connection: ScriptedConnection) => void> = {
    "says so in 3.1.1": (connection) => connection.socket.write(Buffer.of(0x20, 2, 0, 1)),
    "says so in 5.0": (connection) => connection.socket.write(Buffer.of(0x20, 3, 0, 0x84, 0)),
    closes: (connection) => connection.socket.end(),
    resets: (connection) => connection.socket.destroy(new Error("ECONNRESET")),
    "stays silent": () => undefined,
  };
  for (const [what, refuse] of Object.entries(oldBrokers)) {
    test(`a broker that does not know MQTT 5 and ${what} is spoken to in 3.1.1`, async () => {
      scripted.answer = (packet, connection) => {
        if (connection.version === 5) refuse(connection);
        else acceptAll(packet, connection);
      };
      void broker.serve(uplink);
      await clock.advance(11_000);
      expect(scripted.connections.map(({ version }) => version)).toEqual([5, 4]);
      expect(broker.problem?.()).toBeUndefined();
      expect(lines.map(({ fields }) => fields.mqtt ?? "3.1.1")).toEqual(["3.1.1", "3.1.1"]);
    });
  }

  for (const version of [4, 5] as const) {
    test(`a broker that closes is asked in ${version} for ever when the configuration says so`, async () => {
      scripted.answer = (_, connection) => connection.socket.end();
      broker = openExternalBroker({
        ...{ url: URL, clientId: "gateway", network: "demo", clock, log: silentLog, version },
        openSocket: scripted.openSocket,
      });
      void broker.serve(uplink);
      await clock.advance(10_000);
      expect(scripted.connections.map((connection) => connection.version)).toEqual(Array(4).fill(version));
    });
  }

  test("one that knew no MQTT 5 is asked in it again after hours, and told about once", async () => {
    scripted.answer = (packet, connection) => {
      if (connection.version === 4) acceptAll(packet, connection);
      else connection.socket.end();
    };
    void broker.serve(uplink);
    await settle();
    for (const waitMs of [5 * HOUR_MS, HOUR_MS]) {
      await clock.advance(waitMs);
      scripted.last.socket.destroy();
      await clock.advance(1000);
    }
    expect(scripted.connections.map(({ version }) => version)).toEqual([5, 4, 4, 5, 4]);
    expect(said("Broker speaks no MQTT 5")).toHaveLength(1);
    expect(broker.problem?.()).toBeUndefined();
  });

  const refusals: Record<string, [Packet, string]> = {
    "the login": [{ cmd: "connack", sessionPresent: false, reasonCode: 0x86 }, "user name or password: 0x86"],
    "QoS 1": [
      { cmd: "connack", sessionPresent: false, reasonCode: 0, properties: { maximumQoS: 0 } },
      "takes no QoS 1",
    ],
    "to retain": [
      { cmd: "connack", sessionPresent: false, reasonCode: 0, properties: { retainAvailable: false } },
      "retains no messages",
    ],
  };
  for (const [what, [answer, words]] of Object.entries(refusals)) {
    test(`a broker that refuses ${what} is a problem in words`, async () => {
      scripted.answer = (_, connection) => connection.send(answer);
      await broker.serve(uplink);
      expect(broker.problem?.()).toContain(words);
    });
  }

  const foreign: Record<string, [Uint8Array | string, string]> = {
    "a web server": [
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      "a web server answers there: check the port in broker.url",
    ],
    "a TLS port": [Buffer.of(0x15, 3, 1, 0, 2, 2, 70), "the port speaks TLS: write mqtts://"],
    "another program": [
      "SSH-2.0-OpenSSH_9.2\r\n",
      'not MQTT: check the port in broker.url (it said "SSH-2.0',
    ],
  };
  for (const [what, [answer, words]] of Object.entries(foreign)) {
    test(`${what} in place of a broker is a problem in words, and no old broker`, async () => {
      scripted.answer = (_, connection) => connection.socket.end(answer);
      await broker.serve(uplink);
      await clock.advance(1000);
      expect(broker.problem?.()).toContain(words);
      expect(scripted.connections.map(({ version }) => version)).toEqual([5, 5]);
    });
  }

  test("a subscription that is refused, or granted without QoS 1, is a problem too", async () => {
    for (const granted of [0x87, 0]) {
      scripted.answer = (packet, connection) => {
        if (packet.cmd === "subscribe") connection.send({ cmd: "suback", messageId: 1, granted: [granted] });
        else acceptAll(packet, connection);
      };
      await broker.serve(uplink);
      expect(broker.problem?.()).toContain("subscription to earshot/1/demo/+/up/+");
    }
  });

  test("a broker that says nothing any more is left; one that waits for the store is not", async () => {
    await broker.serve(uplink);
    await clock.advance(120_000);
    expect(scripted.last.of("pingreq").length).toBe(4);
    await sendAll(Array.from({ length: 1100 }, (_, i) => publish(i + 1)));
    scripted.answer = () => undefined;
    await clock.advance(120_000);
    expect(scripted.last.isClosed).toBe(false);
    for (let at = 0; at < 1100; at++) {
      store(at);
      if (at === 1023) await settle();
    }
    await clock.advance(90_000);
    expect(scripted.connections[0]?.isClosed).toBe(true);
    expect(said("Broker not connected")[0]?.fields.error).toContain("says nothing");
  });

  test("closing says goodbye, waits for nobody and leaves no timer", async () => {
    await broker.serve(uplink);
    await sendAll([publish(1)]);
    const { last } = scripted;
    await broker.close();
    await settle();
    expect(last.of("disconnect")).toHaveLength(1);
    expect([last.isClosed, clock.pending]).toEqual([true, 0]);
  });
});

test("a broker that reads nothing is left before what is written piles up", async () => {
  await broker.serve(uplink);
  scripted.last.socket.pause();
  const sent = Array.from({ length: 64 }, () => broker.publish("t", new Uint8Array(60_000)));
  const ends = await Promise.allSettled(sent);
  expect(new Set(ends.map((end) => end.status === "rejected" && end.reason.message))).toEqual(
    new Set(["the broker does not read what is sent to it"]),
  );
});

test("a broker that acknowledges nothing is left", async () => {
  scripted.answer = (packet, connection) => {
    if (packet.cmd !== "publish") acceptAll(packet, connection);
  };
  await broker.serve(uplink);
  const sent = broker.publish("t", Uint8Array.of(1)).catch((error: Error) => error.message);
  await clock.advance(95_000);
  expect(await sent).toBe("the broker acknowledges nothing any more");
});
