import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { downTopic, entropyTopic } from "@earshot/protocol";
import type { IConnectPacket, IPublishPacket, Packet } from "mqtt-packet";
import { MAX_FRAME_BYTES, RECEIVE_MAXIMUM } from "../src/broker/endpoint/endpoint-limits.ts";
import { downOf, NETWORK, type RawClient, startTestBroker, statusOf, type TestBroker } from "./raw-mqtt.ts";

/* What MQTT 3.1.1 and 5.0 ask of a server, told packet by packet and, where no library would, byte by byte. */

let run: TestBroker;

beforeEach(async () => {
  run = await startTestBroker();
});

afterEach(async () => {
  await run[Symbol.asyncDispose]();
});

const publish = (text: string, changes: Partial<IPublishPacket> = {}): IPublishPacket => ({
  cmd: "publish",
  topic: statusOf("a"),
  payload: Buffer.from(text),
  qos: 1,
  dup: false,
  retain: false,
  messageId: 1,
  ...changes,
});
const verdictOf = (id: string) => downTopic(NETWORK, id, "verdict");
const send = (text: string, id = "a") => run.broker.publish(verdictOf(id), new TextEncoder().encode(text));
const textOf = ({ payload }: IPublishPacket) => payload.toString();
const kept = { clean: false, properties: { sessionExpiryInterval: 3600 } } as const;
describe.each([4, 5] as const)("in MQTT level %d", (version) => {
  /** MQTT 5 says why, 3.1.1 only closes. */
  const ends = async (client: RawClient, code: number) =>
    expect(await client.endCode()).toBe(version === 5 ? (code as never) : undefined);
  const connect = (changes: Partial<IConnectPacket> = {}) => run.connect(version, changes);
  const codeOf = ({ connack }: RawClient) => (version === 5 ? connack?.reasonCode : connack?.returnCode);

  test("a login is answered, and PINGREQ after it", async () => {
    await using client = await connect();
    expect(codeOf(client)).toBe(0);
    expect(client.connack?.sessionPresent).toBe(false);
    await client.ping();
  });

  test("refused logins get a code and an end", async () => {
    const cases: [Partial<IConnectPacket>, number, number][] = [
      [{ password: Buffer.from("wrong") }, 4, 0x86],
      [{ clientId: "b" }, 4, 0x85],
      [{ clientId: "" }, 2, 0x85],
      [{ username: undefined, password: undefined, clientId: "a" } as never, 4, 0x85],
    ];
    for (const [changes, code311, code5] of cases) {
      await using client = await connect(changes);
      expect(codeOf(client)).toBe(version === 5 ? code5 : code311);
      expect(await client.next()).toBe("closed");
    }
    expect(run.uplink.presences).toEqual([]);
  });

  test("QoS 2 ends the connection; a will of QoS 2 is refused in MQTT 5", async () => {
    await using client = await connect();
    client.send(publish("x", { qos: 2 }));
    await ends(client, 0x9b);
    await using other = await connect({ will: { topic: statusOf("a"), payload: Buffer.from("w"), qos: 2 } });
    expect(codeOf(other)).toBe(version === 5 ? 0x9b : 0);
    expect(run.uplink.taken).toEqual([]);
  });

  test("only its own filters and the entropy are granted, at most four, and nothing else is kept", async () => {
    const refusal = version === 5 ? 0x87 : 0x80;
    const foreign = [downOf("b"), "#", "+/+/+/#", `earshot/1/${NETWORK}/+/up/+`, "$SYS/#", statusOf("a"), ""];
    await using client = await connect(kept);
    const shared = `$share/group/${downOf("a")}`;
    expect(await client.subscribe(downOf("a"), ...foreign)).toEqual([1, ...foreign.map(() => refusal)]);
    expect(await client.subscribe(shared)).toEqual([refusal]);
    await client[Symbol.asyncDispose]();
    await using again = await connect(kept);
    expect(again.connack?.sessionPresent).toBe(true);
    await using other = await connect({ username: "b" });
    other.send(publish("secret", { topic: statusOf("b"), retain: true }));
    await other.expect("puback");
    await send("for b", "b");
    await send("for a");
    expect(textOf(await again.expect("publish"))).toBe("for a");
  });

  test("of more than eight filters in a packet those beyond are refused", async () => {
    await using client = await connect();
    const nine = Array.from({ length: 9 }, () => downOf("a"));
    const refusal = version === 5 ? 0x97 : 0x80;
    expect(await client.subscribe(...nine)).toEqual([...Array(8).fill(1), refusal]);
  });

  test("QoS 2 is granted as QoS 1, QoS 0 as QoS 0", async () => {
    await using client = await connect();
    const subscriptions = [
      { topic: downOf("a"), qos: 2 as const },
      { topic: entropyTopic(NETWORK), qos: 0 as const },
    ];
    client.send({ cmd: "subscribe", messageId: 1, subscriptions });
    expect((await client.expect("suback")).granted).toEqual([1, 0]);
  });

  test("a message comes once, however many filters match it, and not after UNSUBSCRIBE", async () => {
    await using client = await connect();
    await client.subscribe(downOf("a"), verdictOf("a"));
    await send("once");
    expect(textOf(await client.expect("publish"))).toBe("once");
    client.send({ cmd: "unsubscribe", messageId: 9, unsubscriptions: [downOf("a"), verdictOf("a"), "x"] });
    const { granted } = await client.expect("unsuback");
    if (version === 5) expect(granted).toEqual([0, 0, 0x11]);
    await send("never");
    await client.ping();
  });

  test("the newest entropy greets a subscriber with its retain flag; what follows has none", async () => {
    await run.broker.publish(entropyTopic(NETWORK), Uint8Array.of(1), { retain: true });
    await using client = await connect();
    await client.subscribe(entropyTopic(NETWORK));
    expect(await client.expect("publish")).toMatchObject({ retain: true, qos: 0 });
    await run.broker.publish(entropyTopic(NETWORK), Uint8Array.of(2), { retain: true });
    expect(await client.expect("publish")).toMatchObject({ retain: false, qos: 0 });
  });

  test("what a hotspot publishes is retained for nobody and handed to nobody", async () => {
    await using client = await connect();
    await client.subscribe(downOf("a"), entropyTopic(NETWORK));
    client.send(publish("x", { retain: true }), publish("y", { qos: 0, messageId: undefined } as never));
    await client.expect("puback");
    await client.ping();
    expect(run.uplink.taken.map(({ text }) => text)).toEqual(["x", "y"]);
  });

  test("PUBACKs come in order, whatever is stored first", async () => {
    const first = Promise.withResolvers<void>();
    run.uplink.take = (text) => (text === "1" ? first.promise : Promise.resolve());
    await using client = await connect();
    for (const id of [1, 2, 3]) client.send(publish(String(id), { messageId: id }));
    await client.ping();
    first.resolve();
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await client.expect("puback")).messageId);
    expect(ids).toEqual([1, 2, 3]);
  });

  test("beyond the receive maximum nothing is read until packets are stored", async () => {
    const stored = Promise.withResolvers<void>();
    run.uplink.take = () => stored.promise;
    await using client = await connect();
    const total = RECEIVE_MAXIMUM + 50;
    for (let id = 1; id <= total; id++) client.send(publish(String(id), { messageId: id }));
    await using other = await connect({ username: "b" });
    await other.ping();
    while (run.uplink.taken.length < RECEIVE_MAXIMUM) await other.ping();
    expect(run.uplink.taken).toHaveLength(RECEIVE_MAXIMUM);
    stored.resolve();
    for (let id = 1; id <= total; id++) expect((await client.expect("puback")).messageId).toBe(id);
  });

  test("a session is kept where that is asked for, and forgotten by a clean start", async () => {
    for (const [changes, isPresent] of [
      [kept, false],
      [kept, true],
      [{ clean: true }, false],
      [{ ...kept, clean: false }, false],
    ] as const) {
      await using client = await connect(changes);
      expect(client.connack?.sessionPresent).toBe(isPresent);
    }
  });

  test("what is not acknowledged comes again with its id and DUP, in order, before what is new", async () => {
    const first = await connect(kept);
    await first.subscribe(downOf("a"));
    for (const text of ["1", "2"]) await send(text);
    const [one, two] = [await first.expect("publish"), await first.expect("publish")];
    first.send({ cmd: "puback", messageId: one.messageId as number });
    await first.ping();
    const ended = run.uplink.nextEnd();
    await first[Symbol.asyncDispose]();
    await ended;
    await send("3");
    await using second = await connect(kept);
    expect(await second.expect("publish")).toMatchObject({ dup: true, messageId: two.messageId });
    const three = await second.expect("publish");
    expect([textOf(three), three.dup]).toEqual(["3", false]);
  });

  test("a second login takes the session over, and the first one's will comes before it", async () => {
    const will = { topic: statusOf("a"), payload: Buffer.from("gone"), qos: 1, retain: false } as const;
    await using first = await connect({ ...kept, will });
    await using second = await connect(kept);
    await ends(first, 0x8e);
    expect(second.connack?.sessionPresent).toBe(true);
    await second.ping();
    expect(run.uplink.presences).toEqual(["a online", "a offline", "a online"]);
    expect(run.uplink.taken.map(({ text }) => text)).toEqual(["gone"]);
  });

  test("a will is published when a connection breaks, not after DISCONNECT, and only where it may be", async () => {
    const wills = [
      [statusOf("a"), "broken", true],
      [statusOf("b"), "another's", true],
      [verdictOf("a"), "down", true],
      [statusOf("a"), "left", false],
      [statusOf("a"), "x".repeat(2000), true],
    ] as const;
    for (const [topic, payload, isBroken] of wills) {
      const will = { topic, payload: Buffer.from(payload), qos: 1, retain: true } as const;
      await using client = await connect({ will });
      const ended = run.uplink.nextEnd();
      if (isBroken) client.socket.destroy();
      else client.send({ cmd: "disconnect", ...(version === 5 && { reasonCode: 0 }) } as Packet);
      await ended;
    }
    expect(run.uplink.taken.map(({ text }) => text)).toEqual(["broken"]);
  });

  test("keep-alive is waited for half as long again; any packet counts; 0 is for ever", async () => {
    await using client = await connect({ keepalive: 10 });
    await using patient = await connect({ username: "b" });
    await run.clock.advance(14_000);
    await client.ping();
    await run.clock.advance(15_000);
    await client.ping();
    await run.clock.advance(16_000);
    await ends(client, 0x8d);
    await run.clock.advance(86_400_000);
    await patient.ping();
  });

  test("a failing store ends the connection without a PUBACK", async () => {
    run.uplink.take = () => Promise.reject(new Error("disk full"));
    await using client = await connect();
    client.send(publish("x"));
    await ends(client, 0x83);
  });

  test("the broker says goodbye when it stops, and no hotspot becomes offline by that", async () => {
    const will = { topic: statusOf("a"), payload: Buffer.from("gone"), qos: 1, retain: false } as const;
    await using client = await connect({ will });
    await run.broker.close();
    await ends(client, 0x8b);
    expect(run.uplink.taken).toEqual([]);
  });
});

describe("what MQTT 5 adds", () => {
  test("a CONNACK says what there is", async () => {
    await using client = await run.connect(5, { properties: { sessionExpiryInterval: 0xffff_ffff } });
    expect(client.connack?.properties).toEqual({
      receiveMaximum: RECEIVE_MAXIMUM,
      maximumPacketSize: MAX_FRAME_BYTES,
      maximumQoS: 1,
      topicAliasMaximum: 0,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: false,
      sessionExpiryInterval: 86_400,
    });
  });

  test("an authentication method is refused", async () => {
    await using client = await run.connect(5, { properties: { authenticationMethod: "SCRAM-SHA-1" } });
    expect(client.connack?.reasonCode).toBe(0x8c);
  });

  test("the client's receive maximum is kept, also after it comes back", async () => {
    for (const dup of [false, true]) {
      const properties = { sessionExpiryInterval: 60, receiveMaximum: 2 };
      await using client = await run.connect(5, { clean: false, properties });
      if (!dup) {
        await client.subscribe(downOf("a"));
        for (const text of ["1", "2", "3"]) await send(text);
      }
      const first = await client.expect("publish");
      expect([first.dup, textOf(await client.expect("publish"))]).toEqual([dup, "2"]);
      await client.ping();
      if (dup) {
        client.send({ cmd: "puback", messageId: first.messageId as number, reasonCode: 0 });
        expect(textOf(await client.expect("publish"))).toBe("3");
      }
    }
  });

  test("what is larger than the client takes is not sent to it", async () => {
    await using client = await run.connect(5, { properties: { maximumPacketSize: 200 } });
    await client.subscribe(downOf("a"));
    await send("x".repeat(200));
    await send("small");
    expect(textOf(await client.expect("publish"))).toBe("small");
  });

  test("retain handling and retain as published", async () => {
    await run.broker.publish(entropyTopic(NETWORK), Uint8Array.of(1), { retain: true });
    await using client = await run.connect(5);
    const subscribe = async (rh: number) => {
      const subscription = { topic: entropyTopic(NETWORK), qos: 0 as const, rh, rap: true };
      client.send({ cmd: "subscribe", messageId: 1, subscriptions: [subscription] });
      await client.expect("suback");
    };
    await subscribe(2);
    await subscribe(1);
    await client.ping();
    await subscribe(0);
    expect(await client.expect("publish")).toMatchObject({ retain: true });
    await run.broker.publish(entropyTopic(NETWORK), Uint8Array.of(2), { retain: true });
    expect(await client.expect("publish")).toMatchObject({ retain: true });
  });

  test("DISCONNECT with will publishes it, and a session can be given up at the end", async () => {
    const will = { topic: statusOf("a"), payload: Buffer.from("gone"), qos: 1, retain: false } as const;
    const client = await run.connect(5, { ...kept, will });
    client.send({ cmd: "disconnect", reasonCode: 4, properties: { sessionExpiryInterval: 0 } });
    await client.untilClosed();
    expect(run.uplink.taken.map(({ text }) => text)).toEqual(["gone"]);
    await using again = await run.connect(5, kept);
    expect(again.connack?.sessionPresent).toBe(false);
  });
});
