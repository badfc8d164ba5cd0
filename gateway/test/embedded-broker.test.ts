import { afterEach, beforeEach, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import {
  downFilter,
  downTopic,
  encodePacket,
  entropyTopic,
  hotspotId,
  LOGIN_CLOCK_SKEW_MS,
  LOGIN_TOKEN_LIFETIME_MS,
  makeLoginToken,
  receiptMessage,
  type Signer,
  sha256,
  signerFromSeed,
  silentLog,
  upTopic,
  verdictMessage,
} from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { type EmbeddedBroker, openEmbeddedBroker } from "../src/broker/embedded.ts";
import { openStore } from "../src/store/open-store.ts";
import type { Store } from "../src/store/store.ts";
import { startTestGateway, type TestGateway } from "../src/testing/test-gateway.ts";
import {
  FIRST_EPOCH,
  networkSigner,
  PARAMETERS,
  signers,
  statusPacket,
} from "../src/testing/test-network.ts";
import { connectHotspot, loginResult, subscribeResult } from "./hotspot-client.ts";

const { network } = PARAMETERS;
const { a, b } = signers;
const [idA, idB] = [hotspotId(a.publicKey), hotspotId(b.publicKey)];
const nowMs = FIRST_EPOCH * 8000 + 10;
const account = (signer: Signer) => ({ signer, network, nowMs });
const status = (sequence: number, signer = a) => encodePacket(statusPacket(sequence, nowMs), signer, network);
const statusTopic = upTopic(network, idA, "status");

let broker: EmbeddedBroker;
let clock: ManualClock;
let run: TestGateway;
let store: Store;
/** Called by the store before it takes packets. */
let hold: () => Promise<void>;
let offline: PromiseWithResolvers<string>;

beforeEach(async () => {
  hold = async () => undefined;
  offline = Promise.withResolvers();
  clock = new ManualClock(nowMs);
  broker = await openEmbeddedBroker({
    host: "127.0.0.1",
    port: 0,
    maxConnections: 100,
    clock,
    log: silentLog,
  });
  const real = await openStore("sqlite://:memory:");
  store = {
    ...real,
    addPackets: (packets) => hold().then(() => real.addPackets(packets)),
    markOffline: (id, atMs) => real.markOffline(id, atMs).then(() => offline.resolve(id)),
  };
  run = await startTestGateway(nowMs, { store, downlink: broker });
  broker.serve(run.gateway);
});

afterEach(async () => {
  await broker.close();
  await run[Symbol.asyncDispose]();
});

test("a hotspot logs in with its token, publishes, and is told what is stored", async () => {
  await using hotspot = await connectHotspot(broker.port, account(a));
  expect(await subscribeResult(hotspot, downFilter(network, idA))).toBe(1);
  const message = hotspot.nextMessage();
  await hotspot.client.publishAsync(statusTopic, Buffer.from(status(1)), { qos: 1 });
  expect(await store.sequenceRanges(idA)).toEqual([{ first: 1, last: 1 }]);
  const { topic, payload } = await message;
  expect(topic).toBe(downTopic(network, idA, "receipt"));
  expect(receiptMessage.open(payload, network, networkSigner.publicKey)).toMatchObject({
    ok: true,
    value: { hotspot: a.publicKey, stored: [{ sequence: 1, packetId: sha256(status(1)) }] },
  });
  expect(run.gateway.metrics.connectedClients).toBe(1);
});

const stranger = signerFromSeed(new Uint8Array(32).fill(9));
const expiredMs = nowMs - LOGIN_TOKEN_LIFETIME_MS - LOGIN_CLOCK_SKEW_MS - 1;
const cheats: Record<string, Parameters<typeof loginResult>[2]> = {
  "a token of another key": { password: makeLoginToken(stranger, network, nowMs) },
  "an expired token": { password: makeLoginToken(a, network, expiredMs) },
  "a token from the future": { password: makeLoginToken(a, network, nowMs + LOGIN_CLOCK_SKEW_MS + 1) },
  "a token of another network": { password: makeLoginToken(a, "elsewhere", nowMs) },
  "another hotspot's id and its own token": { username: idB, clientId: idB },
  "another hotspot's session": { clientId: idB },
  "a name that is no id": { username: "admin" },
  "no token": { password: "" },
};
for (const [what, changes] of Object.entries(cheats)) {
  test(`nobody logs in with ${what}`, async () => {
    expect(await loginResult(broker.port, account(a), changes)).toBe(4);
    expect(run.gateway.metrics.connectedClients).toBe(0);
  });
}

const forbidden = {
  "another hotspot's packets": upTopic(network, idB, "status"),
  "its own verdicts": downTopic(network, idA, "verdict"),
  "another hotspot's receipts": downTopic(network, idB, "receipt"),
  entropy: entropyTopic(network),
  "another network's packets": upTopic("elsewhere", idA, "status"),
  "a topic of its own making": "hello",
};
for (const [what, topic] of Object.entries(forbidden)) {
  test(`a hotspot that publishes ${what} is thrown out`, async () => {
    await using hotspot = await connectHotspot(broker.port, account(a));
    await using listener = await connectHotspot(broker.port, account(b));
    await subscribeResult(listener, downFilter(network, idB));
    hotspot.client.publish(topic, Buffer.from(status(1, b)), { qos: 1, retain: true });
    await hotspot.closed;
    expect(run.gateway.metrics.batchedPackets).toBe(0);
    expect(listener.inbox).toEqual([]);
  });
}

test("a hotspot subscribes only to what is its own", async () => {
  await using hotspot = await connectHotspot(broker.port, account(a));
  const results: Record<string, number> = {};
  const filters = [
    downFilter(network, idA),
    downTopic(network, idA, "verdict"),
    downFilter(network, idB),
    `earshot/1/${network}/+/down/+`,
    upTopic(network, idA, "status"),
    "#",
    "+/+/+/#",
    "$SYS/#",
  ];
  for (const filter of filters) results[filter] = await subscribeResult(hotspot, filter);
  expect(Object.values(results)).toEqual([1, 1, 128, 128, 128, 128, 128, 128]);
});

test("one hotspot's verdicts do not reach another", async () => {
  await using eavesdropper = await connectHotspot(broker.port, account(a));
  await using victim = await connectHotspot(broker.port, account(b));
  for (const filter of ["#", downFilter(network, idB)]) await subscribeResult(eavesdropper, filter);
  await subscribeResult(victim, downFilter(network, idB));
  const message = victim.nextMessage();
  await broker.publish(downTopic(network, idB, "verdict"), Uint8Array.of(1));
  await message;
  expect(eavesdropper.inbox).toEqual([]);
});

test("the newest entropy greets every subscriber", async () => {
  await using hotspot = await connectHotspot(broker.port, account(a));
  const message = hotspot.nextMessage();
  await subscribeResult(hotspot, entropyTopic(network));
  expect((await message).topic).toBe(entropyTopic(network));
});

test("a packet that is too large is refused and acknowledged; what no packet could be ends the session", async () => {
  await using hotspot = await connectHotspot(broker.port, account(a));
  await subscribeResult(hotspot, downFilter(network, idA));
  const message = hotspot.nextMessage();
  await hotspot.client.publishAsync(statusTopic, Buffer.alloc(1025), { qos: 1 });
  expect(verdictMessage.open((await message).payload, network)).toMatchObject({
    value: { verdicts: [{ outcome: "refused", reason: "too_large" }] },
  });
  hotspot.client.publish(statusTopic, Buffer.alloc(10_000), { qos: 1 });
  await hotspot.closed;
});

test("QoS 2 ends the session", async () => {
  await using hotspot = await connectHotspot(broker.port, account(a));
  hotspot.client.publish(statusTopic, Buffer.from(status(1)), { qos: 2 });
  await hotspot.closed;
});

test("a PUBACK goes out only when the store has the packet", async () => {
  const called = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  hold = () => {
    called.resolve();
    return release.promise;
  };
  await using hotspot = await connectHotspot(broker.port, account(a));
  let isAcknowledged = false;
  const publishing = hotspot.client.publishAsync(statusTopic, Buffer.from(status(1)), { qos: 1 });
  const acknowledged = publishing.then(() => {
    isAcknowledged = true;
  });
  await called.promise;
  // The broker answers others meanwhile; had it answered the publisher too, that would have come first.
  await using other = await connectHotspot(broker.port, account(b));
  await subscribeResult(other, entropyTopic(network));
  expect(isAcknowledged).toBe(false);
  release.resolve();
  await acknowledged;
  expect(await store.sequenceRanges(idA)).toEqual([{ first: 1, last: 1 }]);
});

test("without a PUBACK, when the store fails, the session ends so that the packet comes again", async () => {
  hold = () => Promise.reject(new Error("disk full"));
  await using hotspot = await connectHotspot(broker.port, account(a));
  hotspot.client.publish(statusTopic, Buffer.from(status(1)), { qos: 1 });
  await hotspot.closed;
  hold = async () => undefined;
  await using again = await connectHotspot(broker.port, account(a));
  await again.client.publishAsync(statusTopic, Buffer.from(status(1)), { qos: 1 });
  expect(await store.sequenceRanges(idA)).toEqual([{ first: 1, last: 1 }]);
});

test("the last will marks the hotspot offline", async () => {
  const packet = { ...statusPacket(0, nowMs), state: "offline" } as const;
  const will = {
    topic: statusTopic,
    payload: Buffer.from(encodePacket(packet, a, network)),
    qos: 1,
  } as const;
  await using hotspot = await connectHotspot(broker.port, account(a), { will: { ...will, retain: false } });
  await hotspot.client.publishAsync(statusTopic, Buffer.from(status(1)), { qos: 1 });
  hotspot.client.stream.destroy();
  expect(await offline.promise).toBe(idA);
  expect(await store.sequenceRanges(idA)).toEqual([{ first: 1, last: 1 }]);
});

test("a hotspot that was away gets what was sent to it, up to a limit", async () => {
  const away = await connectHotspot(broker.port, account(a));
  await subscribeResult(away, downFilter(network, idA));
  await away[Symbol.asyncDispose]();
  for (let i = 0; i < 300; i++) {
    await broker.publish(downTopic(network, idA, "verdict"), Uint8Array.of(i >> 8, i & 255));
  }
  await using back = await connectHotspot(broker.port, account(a));
  while (back.inbox.length < 256) await back.nextMessage();
  const message = back.nextMessage();
  await broker.publish(downTopic(network, idA, "verdict"), Uint8Array.of(9, 9));
  expect([...(await message).payload]).toEqual([9, 9]);
  expect(back.inbox).toHaveLength(257);
});

test("closing ends connections that never logged in", async () => {
  const socket = connect(broker.port, "127.0.0.1");
  await once(socket, "connect");
  await Promise.all([broker.close(), once(socket, "close")]);
});

test("says why hotspots cannot come, for /healthz: full, or closed", async () => {
  const small = await openEmbeddedBroker({
    host: "127.0.0.1",
    port: 0,
    maxConnections: 1,
    clock,
    log: silentLog,
  });
  expect(small.problem?.()).toBeUndefined();
  small.serve(run.gateway);
  await using _hotspot = await connectHotspot(small.port, account(a));
  expect(small.problem?.()).toStartWith(
    "1 hotspots are connected, the most that broker.max_connections allows",
  );
  await small.close();
  expect(small.problem?.()).toBe("The MQTT listener is closed");
});
