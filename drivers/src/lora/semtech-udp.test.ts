import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeGwmp } from "./gwmp-datagram.ts";
import { pushText, rxpkText } from "./test-forwarder.ts";
import { BEACON, nextPullResp, TestUdpServer } from "./test-udp-server.ts";

test("PUSH_DATA and PULL_DATA are acknowledged with their token and version", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  expect(await forwarder.push("not json", 0x1111)).toEqual({ type: "PUSH_ACK", version: 2, token: 0x1111 });
  expect(await forwarder.pull(0x2222)).toEqual({ type: "PULL_ACK", version: 2, token: 0x2222 });
  const old = server.forwarder({ version: 1 });
  expect(await old.push(pushText(), 3)).toEqual({ type: "PUSH_ACK", version: 1, token: 3 });
});

test("a beacon is handed to the forwarder and its TX_ACK answers", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.pull();
  const result = server.driver.transmit(BEACON);
  const { token, version } = await nextPullResp(forwarder);
  expect(version).toBe(2);
  await forwarder.txAck(token);
  expect(await result).toEqual({ sent: true, powerDbm: 14 });
  expect(server.clock.pending).toBe(0);
});

test("the forwarder's error is the result, and a TX_POWER warning is sent at the value given", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.pull();
  const refused = server.driver.transmit(BEACON);
  await forwarder.txAck((await nextPullResp(forwarder)).token, '{"txpk_ack":{"error":"TX_FREQ"}}');
  expect(await refused).toEqual({ sent: false, error: "TX_FREQ" });
  const weaker = server.driver.transmit({ ...BEACON, powerDbm: 30 });
  await forwarder.txAck((await nextPullResp(forwarder)).token, '{"txpk_ack":{"warn":"TX_POWER","value":27}}');
  expect(await weaker).toEqual({ sent: true, powerDbm: 27 });
});

test("concurrent transmissions are told apart by token, answered in any order", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.pull();
  const results = [1, 2, 3].map((powerDbm) => server.driver.transmit({ ...BEACON, powerDbm }));
  const asked = [await nextPullResp(forwarder), await nextPullResp(forwarder), await nextPullResp(forwarder)];
  expect(new Set(asked.map(({ token }) => token)).size).toBe(3);
  const errors = ["", '{"txpk_ack":{"error":"COLLISION_PACKET"}}', ""];
  for (const index of [2, 0, 1]) await forwarder.txAck(asked[index]?.token ?? 0, errors[index]);
  expect(await Promise.all(results)).toEqual([
    { sent: true, powerDbm: 1 },
    { sent: false, error: "COLLISION_PACKET" },
    { sent: true, powerDbm: 3 },
  ]);
});

test("too many transmissions at once are refused", async () => {
  const server = new TestUdpServer();
  await server.forwarder().pull();
  const results = Array.from({ length: 65 }, () => server.driver.transmit(BEACON));
  expect(await results[64]).toEqual({ sent: false, error: "QUEUE_FULL" });
  expect(await server.clock.resolve(results[0] as Promise<unknown>)).toEqual({
    sent: false,
    error: "NO_ACK",
  });
});

test("NO_FORWARDER before the first PULL_DATA and 90 s after the last", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.push(pushText());
  expect(await server.driver.transmit(BEACON)).toEqual({ sent: false, error: "NO_FORWARDER" });
  await forwarder.pull();
  await server.clock.advance(90_001);
  await forwarder.push(pushText());
  expect(await server.driver.transmit(BEACON)).toEqual({ sent: false, error: "NO_FORWARDER" });
});

test("a version 1 forwarder never answers: sent, unacknowledged", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder({ version: 1 });
  await forwarder.pull();
  expect(await server.driver.transmit(BEACON)).toEqual({ sent: true, powerDbm: 14, unacknowledged: true });
  expect((await nextPullResp(forwarder)).version).toBe(1);
  expect(server.clock.pending).toBe(0);
});

test("several forwarders on one socket: each is told apart by its EUI", async () => {
  const server = new TestUdpServer();
  const [one, two] = ["00000000000000aa", "00000000000000bb"].map((gatewayEui) =>
    server.forwarder({ gatewayEui }),
  );
  await one?.pull();
  await two?.pull();
  for (const forwarder of [one, two]) await forwarder?.push(pushText(rxpkText()));
  expect([(await server.next()).gatewayEui, (await server.next()).gatewayEui]).toEqual([
    "00000000000000aa",
    "00000000000000bb",
  ]);
  const result = server.driver.transmit({ ...BEACON, gatewayEui: "00000000000000BB" });
  const { token } = await nextPullResp(two as NonNullable<typeof two>);
  await one?.txAck(token);
  await two?.txAck(token, '{"txpk_ack":{"error":"TOO_LATE"}}');
  expect(await result).toEqual({ sent: false, error: "TOO_LATE" });
  expect(server.driver.counts().strayAcks).toBe(1);
});

test("the number of forwarders is bounded; a silent one gives way", async () => {
  const server = new TestUdpServer({ maxForwarders: 2 });
  const euiOf = (index: number) => index.toString(16).padStart(16, "0");
  for (const index of [1, 2]) await server.forwarder({ gatewayEui: euiOf(index) }).push(pushText(rxpkText()));
  const third = server.forwarder({ gatewayEui: euiOf(3) });
  for (let count = 0; count < 3; count++) {
    await third.sendRaw(encodeGwmp({ type: "PULL_DATA", version: 2, token: 1, gatewayEui: euiOf(3) }));
  }
  await server.socket.drained();
  expect(server.driver.counts().refusals.byReason.get("forwarder_refused")).toBe(3);
  expect(server.messages.filter((message) => message.includes("Refused for the first time"))).toHaveLength(1);
  await server.clock.advance(90_001);
  await third.pull();
  expect(server.driver.forwarders().map(({ gatewayEui }) => gatewayEui)).toEqual([euiOf(2), euiOf(3)]);
});

test("made-up EUIs push each other out, and not the forwarder that reports", async () => {
  const server = new TestUdpServer({ maxForwarders: 4 });
  const real = server.forwarder({ gatewayEui: "aaaabbbbccccdddd" });
  await real.pull();
  await real.push('{"stat":{"rxnb":0}}');
  for (let index = 1; index <= 300; index++) {
    const gatewayEui = index.toString(16).padStart(16, "0");
    const madeUp = server.forwarder({ gatewayEui });
    if (index % 2 === 0) await madeUp.pull();
    else await madeUp.push('{"rxpk":[]}');
  }
  await server.forwarder({ gatewayEui: "00000000000000ee" }).pull();
  expect(server.driver.forwarders()).toHaveLength(4);
  expect(server.driver.counts().refusals.byReason.size).toBe(0);
  const result = server.driver.transmit(BEACON);
  const { token } = await nextPullResp(real);
  await real.txAck(token);
  expect(await result).toMatchObject({ sent: true });
});

test("a status comes with a stat, at most one a second, and counts what the quiet ones told", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  const stat = '{"stat":{"rxnb":6,"rxok":5,"rxfw":5,"ackr":100.0,"dwnb":0,"txnb":0,"temp":25.0}}';
  for (let count = 0; count < 3; count++) await forwarder.push(stat);
  await server.clock.advance(1_000);
  await forwarder.push(stat);
  expect(await server.nextStatus()).toMatchObject({ rxOk: 5, rxBad: 1 });
  expect(await server.nextStatus()).toMatchObject({ rxOk: 20, rxBad: 4, atMs: server.clock.now() });
});

test("transmissions are counted in the status", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.pull();
  const result = server.driver.transmit(BEACON);
  await forwarder.txAck((await nextPullResp(forwarder)).token);
  await result;
  await forwarder.push('{"stat":{"rxnb":0,"rxok":0,"rxfw":0,"txnb":1}}');
  expect(await server.nextStatus()).toMatchObject({ transmitted: 1 });
});

test("closing settles what waits, and later transmissions are refused", async () => {
  const server = new TestUdpServer();
  await server.forwarder().pull();
  const waiting = server.driver.transmit(BEACON);
  await server.driver.close();
  expect(await waiting).toEqual({ sent: false, error: "CLOSED" });
  expect(await server.driver.transmit(BEACON)).toEqual({ sent: false, error: "CLOSED" });
  expect(server.clock.pending).toBe(0);
});

test("a lost socket settles what waits", async () => {
  const server = new TestUdpServer();
  await server.forwarder().pull();
  const waiting = server.driver.transmit(BEACON);
  server.socket.lose();
  expect(await waiting).toEqual({ sent: false, error: "CLOSED" });
  await expect(server.next()).rejects.toThrow("Lost semtech-udp 10.0.0.1:1700");
});

test("what the socket will not send is a result, not an exception", async () => {
  const server = new TestUdpServer();
  await server.forwarder().pull();
  server.socket.send = () => Promise.reject(new Error("no buffer space"));
  expect(await server.driver.transmit(BEACON)).toEqual({ sent: false, error: "SEND_FAILED" });
  expect(server.driver.counts().failedSends).toBe(1);
  expect(server.clock.pending).toBe(0);
});

test("any datagram is survived, and the next good frame comes out", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  const valid = encodeGwmp({
    type: "PUSH_DATA",
    version: 2,
    token: 1,
    gatewayEui: forwarder.gatewayEui,
    json: new TextEncoder().encode(pushText(rxpkText({ stat: -1 }))),
  });
  const mutated = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, byte]) => valid.with(at, byte));
  const cut = fc.nat(valid.length - 1).map((at) => valid.subarray(0, at));
  const random = fc.uint8Array({ maxLength: 60 });
  const gwmpLike = random.map((bytes) => Uint8Array.from([2, 0, 0, (bytes[0] ?? 0) % 6, ...bytes]));
  let tmst = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, cut, random, gwmpLike), async (bytes) => {
      await forwarder.sendRaw(bytes);
      tmst += 1_000_000;
      await forwarder.sendRaw(
        encodeGwmp({
          type: "PUSH_DATA",
          version: 2,
          token: 2,
          gatewayEui: forwarder.gatewayEui,
          json: new TextEncoder().encode(pushText(rxpkText({ tmst, size: 4, data: "/////w==" }))),
        }),
      );
      let reading = await server.next();
      while (reading.kind !== "frame" || reading.bytes[0] !== 0xff) reading = await server.next();
      expect(reading.tmstUs).toBe(tmst);
      // Random EUIs would fill the table of forwarders.
      await server.clock.advance(10_000);
    }),
    { numRuns: 500 },
  );
});

test("only what was sent counts as transmitted", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.pull();
  for (const error of ["TX_FREQ", undefined, "COLLISION_PACKET", undefined]) {
    const result = server.driver.transmit(BEACON);
    const { token } = await nextPullResp(forwarder);
    await forwarder.txAck(token, error === undefined ? "" : `{"txpk_ack":{"error":"${error}"}}`);
    expect((await result).sent).toBe(error === undefined);
  }
  await forwarder.push('{"stat":{"rxnb":1,"rxok":1,"ackr":100}}');
  expect((await server.nextStatus()).transmitted).toBe(2);
});

test("a forwarder that moves again and again is told of once an hour", async () => {
  const server = new TestUdpServer();
  const moved = () =>
    server.messages.filter((one) => one === "A packet forwarder is reached at another address").length;
  await server.forwarder().pull();
  for (const [waitMs, lines] of [
    [0, 1],
    [3_599_999, 1],
    [1, 2],
    [1, 2],
  ] as const) {
    await server.clock.advance(waitMs);
    await server.forwarder().pull();
    expect(moved()).toBe(lines);
  }
});
