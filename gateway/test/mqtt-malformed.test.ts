import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { IPublishPacket, Packet } from "mqtt-packet";
import {
  connectPacket,
  downOf,
  type RawClient,
  startTestBroker,
  statusOf,
  type TestBroker,
} from "./raw-mqtt.ts";

/* Bytes that are no MQTT, or no MQTT that a hotspot may speak; where no library would write them, byte by byte. */

let run: TestBroker;

beforeEach(async () => {
  run = await startTestBroker();
});

afterEach(async () => {
  await run[Symbol.asyncDispose]();
});

/** A topic, a filter, a text: its length in two bytes, then UTF-8. */
const text = (value: string) => [value.length >> 8, value.length & 255, ...Buffer.from(value)];

describe.each([4, 5] as const)("in MQTT level %d", (version) => {
  /** MQTT 5 says why, 3.1.1 only closes. */
  const ends = async (client: RawClient, code: number) =>
    expect(await client.endCode()).toBe(version === 5 ? (code as never) : undefined);
  const connect = () => run.connect(version);

  const firstPackets: Record<string, number[]> = {
    "a PUBLISH": [0x30, 0x05, 0, 1, 0x61, 1, 1],
    "a PINGREQ": [0xc0, 0x00],
    "a CONNECT of another protocol": [0x10, 0x0c, ...text("AMQP"), version, 2, 0, 0, ...text("")],
    "a CONNECT with its reserved flag": [0x10, 0x0d, ...text("MQTT"), version, 3, 0, 0, ...text("a")],
    "a CONNECT with flags in its header": [0x11, 0x0d, ...text("MQTT"), version, 2, 0, 0, ...text("a")],
    "a CONNECT that ends early": [0x10, 0x07, ...text("MQTT"), version],
    "will QoS without a will": [0x10, 0x0d, ...text("MQTT"), version, 0x0a, 0, 0, ...text("a")],
    "a will to be retained without a will": [0x10, 0x0d, ...text("MQTT"), version, 0x22, 0, 0, ...text("a")],
    "more bytes than it needs": [0x10, 0x10, ...text("MQTT"), version, 2, 0, 0, 0, ...text("a"), 1, 2],
  };
  for (const [what, bytes] of Object.entries(firstPackets)) {
    test(`${what} first ends the connection without an answer`, async () => {
      await using client = await run.open();
      client.sendBytes(...bytes);
      expect(await client.untilClosed()).toEqual([]);
    });
  }

  const malformed: Record<string, [number, ...number[]]> = {
    "a PUBLISH of QoS 3": [0x81, 0x36, 0x05, 0, 1, 0x61, 0, 1],
    "a repeated PUBLISH of QoS 0": [0x81, 0x38, 0x04, 0, 1, 0x61, 0],
    "a PUBLISH whose topic is longer than it": [0x81, 0x30, 0x04, 0, 9, 0x61, 0x61],
    "a PUBLISH without its packet id": [0x81, 0x32, 0x03, 0, 1, 0x61],
    "packet id 0": [0x81, 0x32, 0x06, 0, 1, 0x61, 0, 0, 0],
    "a topic that is not UTF-8": [0x81, 0x30, 0x05, 0, 2, 0xc3, 0x28, 0],
    "a topic with U+0000": [0x81, 0x30, 0x05, 0, 2, 0x61, 0x00, 0],
    "a SUBSCRIBE with wrong flags": [0x81, 0x80, 0x06, 0, 1, 0, 1, 0x61, 1],
    "a length of five bytes": [0x81, 0x30, 0x80, 0x80, 0x80, 0x80, 0x01],
    "a PINGREQ with a body": [0x81, 0xc0, 0x01, 0],
    "packet type 0": [0x81, 0x00, 0x00],
    "a packet that is too large": [0x95, 0x30, 0xff, 0x7f],
    "a CONNACK": [0x82, 0x20, 0x02, 0, 0],
    "a PUBREL": [0x82, 0x62, 0x02, 0, 1],
  };
  for (const [what, [code, ...bytes]] of Object.entries(malformed)) {
    test(`${what} ends the connection`, async () => {
      await using client = await connect();
      client.sendBytes(...bytes);
      await ends(client, code);
      expect(run.uplink.taken).toEqual([]);
    });
  }

  test("a SUBSCRIBE or UNSUBSCRIBE without a filter, or with packet id 0, ends the connection", async () => {
    const none = version === 5 ? [0, 1, 0] : [0, 1];
    const zero = [0, 0, ...(version === 5 ? [0] : []), ...text("a")];
    for (const body of [none, zero]) {
      for (const type of [0x82, 0xa2]) {
        await using client = await connect();
        client.sendBytes(type, body.length + (type === 0x82 && body === zero ? 1 : 0), ...body);
        if (type === 0x82 && body === zero) client.sendBytes(1);
        await ends(client, 0x82);
      }
    }
  });

  test("a second CONNECT ends the connection", async () => {
    await using client = await connect();
    client.send(connectPacket(version));
    await ends(client, 0x82);
  });

  test("a will of QoS 3 or without a topic is malformed", async () => {
    for (const [flags, topic] of [
      [0x1e, "t"],
      [0x06, ""],
    ] as const) {
      const properties = version === 5 ? [0] : [];
      const body = [...text("MQTT"), version, flags, 0, 0, ...properties, ...text("a")];
      await using client = await run.open();
      body.push(...properties, ...text(topic), ...text("w"));
      client.sendBytes(0x10, body.length, ...body);
      expect(await client.untilClosed()).toEqual([]);
    }
  });
});

describe("levels that are neither", () => {
  test.each([
    [3, "MQIsdp", [0x20, 2, 0, 1]],
    [3, "MQTT", [0x20, 2, 0, 1]],
    [6, "MQTT", [0x20, 3, 0, 0x84, 0]],
  ] as const)("level %d of %s is refused with a code", async (level, name, answer) => {
    await using client = await run.open();
    const chunks: Buffer[] = [];
    client.speak(5);
    client.socket.removeAllListeners("data");
    client.socket.on("data", (chunk) => chunks.push(chunk));
    const body = [...text(name), level, 2, 0, 0, ...text("a")];
    client.sendBytes(0x10, body.length, ...body);
    expect(await client.next()).toBe("closed");
    expect([...Buffer.concat(chunks)]).toEqual([...answer]);
  });
});

describe("in MQTT 5 alone", () => {
  const publish = (properties: IPublishPacket["properties"], topic = statusOf("a")): IPublishPacket => ({
    ...{ cmd: "publish", topic, payload: "x", qos: 1, dup: false, retain: false, messageId: 1, properties },
  });

  const errors: Record<string, [number, Packet]> = {
    "a topic alias": [0x94, publish({ topicAlias: 1 }, "")],
    "a subscription identifier": [
      0xa1,
      {
        cmd: "subscribe",
        messageId: 1,
        subscriptions: [{ topic: downOf("a"), qos: 1 }],
        properties: { subscriptionIdentifier: 3 },
      },
    ],
    "AUTH without a method": [0x82, { cmd: "auth", reasonCode: 0x18 }],
    "a property that belongs elsewhere": [0x82, publish({ receiveMaximum: 9 } as never)],
    "a property twice": [0x82, publish({ contentType: ["a", "b"] as never })],
    "a longer session than none at the end": [
      0x82,
      { cmd: "disconnect", reasonCode: 0, properties: { sessionExpiryInterval: 9 } },
    ],
  };
  for (const [what, [code, packet]] of Object.entries(errors)) {
    test(`${what} ends the connection`, async () => {
      await using client = await run.connect(5);
      client.send(packet);
      expect(await client.endCode()).toBe(code);
      expect(run.uplink.taken).toEqual([]);
    });
  }

  test("a receive maximum or packet size of 0 ends the connection", async () => {
    for (const properties of [{ receiveMaximum: 0 }, { maximumPacketSize: 0 }]) {
      await using client = await run.open();
      client.send(connectPacket(5, { properties }));
      expect(await client.untilClosed()).toEqual([]);
    }
  });
});
