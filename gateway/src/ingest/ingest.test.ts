import { expect, test } from "bun:test";
import {
  encodePacket,
  hotspotId,
  logTo,
  MAX_PACKET_BYTES,
  sha256,
  signerFromSeed,
  upTopic,
} from "@earshot/protocol";
import { DEFAULT_LIMITS } from "../access/hotspot-limits.ts";
import { assertions, registeredStore, startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import { beaconOf, FIRST_EPOCH, idOf, PARAMETERS, signers, statusPacket } from "../testing/test-network.ts";
import type { IngestOutcome } from "./ingest.ts";
import { verifyNow } from "./signature-queue.ts";

const { network } = PARAMETERS;
const startMs = FIRST_EPOCH * 8000;

/** Statuses of so many hotspots, all well signed. */
const statuses = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const signer = signerFromSeed(new Uint8Array(32).fill(100 + i));
    const sender = hotspotId(signer.publicKey);
    const bytes = encodePacket(statusPacket(1, startMs), signer, network);
    return { topic: upTopic(network, sender, "status"), bytes, sender };
  });

function mixed() {
  const packets = statuses(90);
  const forged = packets[40]?.bytes ?? new Uint8Array();
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  const cut = packets[50];
  if (cut !== undefined) cut.bytes = cut.bytes.subarray(1);
  packets.splice(70, 0, ...packets.slice(3, 4));
  return packets;
}

/** What came of each, in the order in which it came of it. */
async function outcomes({ gateway }: TestGateway, packets: ReturnType<typeof statuses>) {
  const told: [number, IngestOutcome][] = [];
  await Promise.all(
    packets.map(({ topic, bytes, sender }, i) =>
      gateway.ingest(topic, bytes, sender).then((outcome) => void told.push([i, outcome])),
    ),
  );
  return told;
}

test("what comes together comes out the same, wherever its signatures are checked, refusals in the order of coming", async () => {
  await using here = await startTestGateway(startMs + 10);
  let checkedElsewhere = 0;
  await using elsewhere = await startTestGateway(startMs + 10, {
    async verifyElsewhere(jobs) {
      checkedElsewhere += jobs.length;
      return Uint8Array.from(jobs, (job) => Number(verifyNow(job as Parameters<typeof verifyNow>[0])));
    },
  });
  const expected = await outcomes(here, mixed());
  const told = await outcomes(elsewhere, mixed());
  expect(new Map(told)).toEqual(new Map(expected));
  // The first came alone; one is no packet.
  expect(checkedElsewhere).toBe(89);
  const refusals = ({ sent }: TestGateway) =>
    sent.filter(({ topic }) => topic.endsWith("/verdict")).map(({ topic }) => topic);
  expect(refusals(elsewhere)).toEqual(refusals(here));
  expect(refusals(here)).toHaveLength(2);
  const metrics = ({ gateway }: TestGateway) => [gateway.metrics.refused, gateway.metrics.duplicates];
  expect(metrics(elsewhere)).toEqual(metrics(here));
});

test("judging waits for a timely report whose signature is still being checked", async () => {
  const release = Promise.withResolvers<void>();
  await using run = await startTestGateway(startMs + 10, {
    store: await registeredStore(),
    verifyElsewhere: (jobs) => release.promise.then(() => new Uint8Array(jobs.length).fill(1)),
  });
  const beacon = beaconOf("a", FIRST_EPOCH, 10);
  await run.play(assertions(startMs + 20), beacon.index * 2000 + 5000);
  const crowd = outcomes(run, statuses(80));
  const bytes = encodePacket(beacon.packet, signers.a, network);
  const taking = run.gateway.ingest(upTopic(network, idOf("a"), "beacon"), bytes, idOf("a"));
  await run.clock.advance(12_000);
  expect(await run.store.judgedThrough()).toBeLessThan(beacon.index);
  release.resolve();
  const { packetId } = await taking;
  await crowd;
  await run.clock.advance(2000);
  expect(await run.store.verdict(packetId)).toMatchObject({ reason: "not_heard" });
});

test("what is too large is named by its beginning, as far as a packet could reach", async () => {
  await using run = await startTestGateway(startMs + 10);
  const topic = upTopic(network, idOf("a"), "status");
  const named = async (bytes: Uint8Array) => (await run.gateway.ingest(topic, bytes, idOf("a"))).packetId;
  const bytes = Uint8Array.from({ length: MAX_PACKET_BYTES + 1 }, (_, i) => i & 255);
  const largest = bytes.subarray(0, MAX_PACKET_BYTES);
  expect(await named(bytes)).toBe(sha256(largest).toHex());
  expect(await named(largest)).toBe(sha256(largest).toHex());
});

test("each refused packet is told at debug, with hotspot, packet and reason", async () => {
  const lines: string[] = [];
  await using run = await startTestGateway(startMs + 10, {
    log: logTo((level, message, { component, hotspot, packet, reason }) => {
      if (level === "debug") lines.push([component, message, hotspot, packet, reason].join(" "));
    }),
    limits: { ...DEFAULT_LIMITS, packetsAtOnce: 6 },
  });
  const bytes = encodePacket(statusPacket(1, startMs), signers.a, network);
  const damaged = Uint8Array.from(bytes);
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  const topic = upTopic(network, idOf("a"), "status");
  const late = encodePacket(beaconOf("a", FIRST_EPOCH + 5, 10).packet, signers.a, network);
  const again = [2, 3, 4].map((uptimeS) =>
    encodePacket({ ...statusPacket(7, startMs), uptimeS }, signers.b, network),
  );
  const expected: string[] = [];
  const send = async (sent: Uint8Array, by: string, reason: string, sender?: string) => {
    const hotspot = by.split("/")[3];
    const outcome = await run.gateway.ingest(by, sent, sender);
    expect(outcome).toMatchObject(reason === "" ? { ok: true } : { ok: false, reason });
    if (reason !== "") expected.push(`ingest Packet refused ${hotspot} ${sha256(sent).toHex()} ${reason}`);
  };
  // From an embedded broker, which knows the sender, and from another, which does not say.
  await send(damaged, topic, "bad_signature", idOf("a"));
  await send(damaged, topic, "bad_signature");
  await send(bytes.subarray(0, 100), topic, "truncated");
  await send(bytes, upTopic("other", idOf("a"), "status"), "wrong_network");
  await send(late, upTopic(network, idOf("a"), "beacon"), "from_future");
  await send(bytes, upTopic(network, idOf("b"), "status"), "wrong_topic");
  for (const [i, packet] of again.entries()) {
    await send(packet, upTopic(network, idOf("b"), "status"), i < 2 ? "" : "sequence_reused", idOf("b"));
  }
  for (let i = 0; i < 10; i++) {
    const outcome = await run.gateway.ingest(topic, bytes, idOf("a"));
    if (!outcome.ok)
      expected.push(`ingest Packet refused ${idOf("a")} ${sha256(bytes).toHex()} ${outcome.reason}`);
  }
  expect(lines).toEqual(expected);
  expect(lines.filter((line) => line.endsWith("rate_limited")).length).toBeGreaterThan(0);
});

test("what comes from nobody that the broker knows is refused, and nobody is told", async () => {
  await using run = await startTestGateway(startMs + 10);
  const before = run.sent.length;
  const outcome = await run.gateway.ingest(upTopic(network, idOf("a"), "status"), Uint8Array.of(1, 2, 3));
  expect(outcome).toMatchObject({ ok: false });
  await run.clock.advance(0);
  const told = run.sent.slice(before).filter(({ topic }) => topic.endsWith("/verdict"));
  expect(told).toEqual([]);
});
