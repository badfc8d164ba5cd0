import { describe, expect, test } from "bun:test";
import { entropyTopic } from "@earshot/protocol";
import { ProgramLog } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { generate, type IPublishPacket } from "mqtt-packet";
import { LOGINS } from "../src/access/login-rates.ts";
import {
  CONTROL_PACKETS,
  LOGIN_LIMIT_MS,
  MAX_BACKLOG_BYTES,
} from "../src/broker/endpoint/endpoint-limits.ts";
import { connectPacket, downOf, NETWORK, type RawClient, startTestBroker, statusOf } from "./raw-mqtt.ts";

/* What one client, or a crowd of them, may not do to the others. */

const entropy = entropyTopic(NETWORK);
const isClosed = (client: RawClient) => client.socket.closed || client.socket.destroyed;

describe("connections", () => {
  test("silent ones make room, the oldest first, also from one address", async () => {
    await using run = await startTestBroker({ maxConnections: 20, maxConnectionsPerAddress: 10 });
    await using hotspot = await run.connect(5);
    const silent: RawClient[] = [];
    for (let i = 0; i < 30; i++) silent.push(await run.open());
    await using other = await run.connect(4, { username: "b" });
    await hotspot.ping();
    await other.ping();
    for (const client of silent.slice(0, 22)) expect(await client.next()).toBe("closed");
    expect(silent.slice(22).filter(isClosed)).toEqual([]);
    expect(run.metrics.connectionsEnded.get("no_room")).toBe(22);
    for (const client of silent) client.socket.destroy();
  });

  test("those of all addresses together make room too, and nobody who has logged in does", async () => {
    await using run = await startTestBroker({ maxConnections: 3, maxConnectionsPerAddress: 100 });
    const hotspots = [];
    for (const username of ["a", "b", "c"]) {
      await run.open();
      hotspots.push(await run.connect(4, { username }));
    }
    await using late = await run.open();
    expect(await late.next()).toBe("closed");
    for (const hotspot of hotspots) await hotspot.ping();
    expect(run.metrics.connectionsEnded.get("no_room")).toBe(4);
  });

  test("a login may take only so long, byte by byte or not at all", async () => {
    await using run = await startTestBroker();
    await using silent = await run.open();
    await using slow = await run.open();
    slow.sendBytes(0x10, 0x20, 0);
    await run.clock.advance(LOGIN_LIMIT_MS - 1000);
    await using hotspot = await run.connect(4);
    expect([silent, slow].filter(isClosed)).toEqual([]);
    await run.clock.advance(1000);
    expect(await silent.next()).toBe("closed");
    expect(await slow.next()).toBe("closed");
    await hotspot.ping();
    expect(run.metrics.connectionsEnded.get("login_timeout")).toBe(2);
  });

  test("coming and going leaves nothing behind", async () => {
    await using run = await startTestBroker();
    for (let i = 0; i < 200; i++) {
      const client = await run.connect(i % 2 === 0 ? 4 : 5, { username: `h${i % 7}` });
      const ended = run.uplink.nextEnd();
      client.socket.destroy();
      await ended;
    }
    await run.clock.advance(1000);
    expect([run.metrics.connections, run.metrics.sessions]).toEqual([0, 0]);
  });

  test("a hotspot logs in only so often; others, and strangers in its name, do not count", async () => {
    await using run = await startTestBroker();
    const code = async (username: string, password = "token") => {
      await using client = await run.connect(5, { username, password: Buffer.from(password) });
      return client.connack?.reasonCode;
    };
    for (let i = 0; i < LOGINS.burst; i++) expect(await code("a")).toBe(0);
    expect([await code("a"), await code("b")]).toEqual([0x9f, 0]);
    for (let i = 0; i < LOGINS.burst; i++) expect(await code("b", "guess")).toBe(0x86);
    expect(await code("b")).toBe(0);
    await run.clock.advance(1000);
    expect([await code("a"), await code("a")]).toEqual([0, 0x9f]);
  });

  test("whoever does not close its side is closed", async () => {
    await using run = await startTestBroker();
    await using client = await run.open();
    client.socket.allowHalfOpen = true;
    client.send(connectPacket(4, { password: Buffer.from("wrong") }));
    await client.expect("connack");
    await run.clock.advance(4000);
    expect(run.metrics.connections).toBe(0);
  });

  test("a refused login costs a short line, and many of them few lines", async () => {
    const lines: string[] = [];
    const clock = new ManualClock();
    const programLog = new ProgramLog({ clock, reader: "program", write: (line) => lines.push(line) });
    await using run = await startTestBroker({ log: programLog.log });
    const username = "\u0001".repeat(6000);
    const refuse = async () => {
      await using client = await run.open();
      client.send(connectPacket(4, { username, clientId: "y" }));
      expect(await client.expect("connack")).toMatchObject({ returnCode: 4 });
    };
    for (let i = 0; i < 40; i++) await refuse();
    expect(lines).toHaveLength(30);
    expect(lines.every((line) => line.length <= 500)).toBe(true);
    await clock.advance(60_000);
    await refuse();
    expect(JSON.parse(lines[30] ?? "")).toMatchObject({ msg: "Login refused", leftOut: 10 });
    expect(run.metrics.loginsRefused.get("other_client_id")).toBe(41);
    expect(run.uplink.logins).toBe(0);
  });
});

describe("what comes in", () => {
  test("one byte at a time is understood", async () => {
    await using run = await startTestBroker();
    await using client = await run.open();
    client.speak(5);
    for (const byte of generate(connectPacket(5))) client.sendBytes(byte);
    await client.expect("connack");
    const packet: IPublishPacket = {
      ...{ cmd: "publish", topic: statusOf("a"), payload: "x".repeat(300) },
      ...{ qos: 1, dup: false, retain: false, messageId: 3 },
    };
    for (const byte of generate(packet, { protocolVersion: 5 })) client.sendBytes(byte);
    expect(await client.expect("puback")).toMatchObject({ messageId: 3 });
  });

  const floods: Record<string, number[]> = {
    PINGREQ: [0xc0, 0],
    SUBSCRIBE: [0x82, 6, 0, 1, 0, 1, 0x23, 0],
    UNSUBSCRIBE: [0xa2, 5, 0, 1, 0, 1, 0x23],
    "needless PUBACK": [0x40, 2, 0, 9],
  };
  for (const [what, bytes] of Object.entries(floods)) {
    test(`a flood of ${what} ends the connection, a few of them do not`, async () => {
      await using run = await startTestBroker();
      await using client = await run.connect(4);
      const few = Array.from({ length: CONTROL_PACKETS.burst - 1 }, () => bytes).flat();
      client.sendBytes(...few);
      await run.clock.advance(60_000);
      client.sendBytes(...few);
      await run.clock.advance(60_000);
      expect(isClosed(client)).toBe(false);
      client.sendBytes(...few, ...few);
      await client.untilClosed();
      expect(run.metrics.connectionsEnded.get("rate_too_high")).toBe(1);
    });
  }

  test("whatever bytes come, the broker lives and the others are served", async () => {
    await using run = await startTestBroker();
    await using witness = await run.connect(5, { username: "w" });
    await witness.subscribe(entropy);
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(...samples().map((bytes) => Uint8Array.from(bytes))),
    );
    const damage = fc.option(fc.tuple(fc.nat(200), fc.nat(255)));
    const session = fc.tuple(fc.constantFrom(4, 5), fc.array(fc.tuple(piece, damage), { maxLength: 8 }));
    await fc.assert(
      fc.asyncProperty(session, async ([version, pieces]) => {
        await run.clock.advance(1000);
        await using client = await run.connect(version as 4 | 5, { username: "fuzz", clean: false });
        client.socket.removeAllListeners("data").resume();
        for (const [bytes, hit] of pieces) {
          const sent = Uint8Array.from(bytes);
          if (hit !== null && sent.length > 0) sent[hit[0] % sent.length] = hit[1];
          client.socket.write(sent);
        }
        client.socket.end();
        await client.untilClosed();
      }),
      { numRuns: 400 },
    );
    await run.broker.publish(entropy, Uint8Array.of(1), { retain: true });
    await witness.expect("publish");
    expect(run.uplink.taken.every(({ sender, topic }) => sender === "fuzz" && topic.includes("/fuzz/"))).toBe(
      true,
    );
  });
});

/** Packets as a hotspot sends them, for the fuzzer to break. */
function samples(): Buffer[] {
  const packets = ([4, 5] as const).flatMap((protocolVersion) => {
    const write = (packet: Parameters<typeof generate>[0]) => generate(packet, { protocolVersion });
    const publish = {
      cmd: "publish",
      topic: statusOf("fuzz"),
      payload: "x",
      dup: false,
      retain: false,
    } as const;
    return [
      write(connectPacket(protocolVersion, { username: "fuzz" })),
      write({ ...publish, qos: 1, messageId: 1 }),
      write({ ...publish, qos: 0, properties: { contentType: "a", userProperties: { a: "b" } } }),
      write({ cmd: "subscribe", messageId: 2, subscriptions: [{ topic: downOf("fuzz"), qos: 1 }] }),
      write({ cmd: "unsubscribe", messageId: 3, unsubscriptions: [downOf("fuzz")] }),
      write({ cmd: "puback", messageId: 4, reasonCode: 0 }),
      write({ cmd: "pingreq" }),
      write({ cmd: "disconnect", reasonCode: 0, properties: { sessionExpiryInterval: 5 } }),
    ];
  });
  return packets;
}

describe("what goes out", () => {
  test("a client that stops reading is closed at a bound, and holds nobody up", async () => {
    await using run = await startTestBroker();
    await using slow = await run.connect(4);
    await slow.subscribe(entropy);
    slow.socket.pause();
    await using good = await run.connect(5, { username: "b" });
    await good.subscribe(entropy);
    const value = new Uint8Array(60_000);
    let sent = 0;
    while (!run.metrics.connectionsEnded.has("slow_reader")) {
      await run.broker.publish(entropy, value, { retain: true });
      await good.expect("publish");
      // What the two kernels take, and the bound on top.
      expect(++sent * value.length).toBeLessThan(64 * MAX_BACKLOG_BYTES);
    }
    await good.ping();
    expect(run.uplink.presences).toContain("a offline");
  });

  test("a hotspot that acknowledges nothing gets so many messages, loses the rest, and is told of none twice", async () => {
    await using run = await startTestBroker();
    await using client = await run.connect(4, { clean: false });
    await client.subscribe(downOf("a"));
    for (let i = 0; i < 300; i++)
      await run.broker.publish(`${downOf("a").slice(0, -1)}verdict`, Uint8Array.of(i));
    const ids = new Set<number>();
    for (let i = 0; i < 32; i++) ids.add((await client.expect("publish")).messageId as number);
    await client.ping();
    expect([ids.size, run.metrics.messagesDropped]).toEqual([32, 300 - 256]);
  });
});
