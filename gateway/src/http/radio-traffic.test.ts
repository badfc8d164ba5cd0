import { expect, test } from "bun:test";
import { encodePacket, LOSS_REASONS, type RadioSummary, type StatusPacket, sha256 } from "@earshot/protocol";
import type { StoredPacket } from "../store/records.ts";
import { statusPacket } from "../store/test-data.ts";
import { FLEET_PARAMETERS, type FleetMember } from "../testing/seeded-fleet.ts";
import { appOver, type TestApp, testApp } from "../testing/test-app.ts";
import { RadioTrafficBoard, trafficOf } from "./radio-traffic.ts";

const MINUTE_MS = 60_000;
const radio = (rxOk: number, rxBad = 0, transmitted = 0): RadioSummary => ({
  rxOk,
  rxBad,
  transmitted,
  ackPermille: null,
  temperatureDc: null,
  channels: 8,
  spreadingFactors: 6,
});
const at = (atMs: number, summary: RadioSummary | null) => statusPacket({ atMs, radio: summary });

test("counts what lies between the statuses, through a restart and without a radio for a while", () => {
  expect(trafficOf([at(10, radio(100, 5, 2)), at(20, radio(130, 9, 3))])).toEqual({
    fromMs: 10,
    untilMs: 20,
    received: 30,
    garbled: 4,
    transmitted: 1,
  });
  const restarted = [
    at(10, radio(100)),
    at(20, null),
    at(30, radio(120)),
    at(40, radio(7, 1)),
    at(50, radio(9, 1)),
  ];
  expect(trafficOf(restarted)).toMatchObject({ fromMs: 10, untilMs: 50, received: 29, garbled: 1 });
  expect(trafficOf([at(10, radio(1))])).toBeUndefined();
  expect(trafficOf([at(10, null), at(20, null)])).toBeUndefined();
});

function filed({ signer, hotspot }: FleetMember, status: StatusPacket): StoredPacket {
  const bytes = encodePacket(status, signer, FLEET_PARAMETERS.network);
  const { sequence, atMs } = status;
  return {
    id: sha256(bytes).toHex(),
    hotspotId: hotspot.id,
    type: "status",
    sequence,
    receivedAtMs: atMs,
    bytes,
    entropyIndex: null,
    epoch: null,
    isLate: false,
  };
}

/** One status a minute, the last one `untilMs`; the counts rise by one each. */
const minutely = (member: FleetMember, untilMs: number, count: number): StoredPacket[] =>
  Array.from({ length: count }, (_, i) => {
    const atMs = untilMs - (count - 1 - i) * MINUTE_MS;
    return filed(member, { ...at(atMs, radio(5000 + i, 10, i)), sequence: 100 + i });
  });

const detail = async (t: TestApp, { hotspot }: FleetMember) =>
  (await appOver(t.deps).json(`/api/v1/hotspots/${hotspot.id}`)).body;

const trafficSeen = async (t: TestApp, member: FleetMember) =>
  (await detail(t, member)).radioTraffic as { untilMs: number } | null;

test("tells no count before the deadline of any beacon that it may have counted", async () => {
  await using t = await testApp();
  const member = t.fleet.members[3] as FleetMember;
  const lastMs = t.clock.now();
  await t.store.addPackets(minutely(member, lastMs, 90));
  const { revealDeadlineMs } = FLEET_PARAMETERS;
  const early = await trafficSeen(t, member);
  expect(early?.untilMs).toBe(lastMs - revealDeadlineMs - MINUTE_MS);
  expect(early).toMatchObject({ received: 60, garbled: 0, transmitted: 60 });

  await t.clock.advance(lastMs + revealDeadlineMs - t.clock.now());
  expect(await trafficSeen(t, member)).toMatchObject({ untilMs: lastMs - MINUTE_MS });
  await t.clock.advance(1);
  expect(await trafficSeen(t, member)).toMatchObject({ untilMs: lastMs });
});

test("is told again for a minute, and then counted anew", async () => {
  await using t = await testApp();
  const member = t.fleet.members[3] as FleetMember;
  const { id } = member.hotspot;
  const board = new RadioTrafficBoard(t.deps);
  await t.store.addPackets(minutely(member, t.clock.now(), 90));
  const first = await board.of(id);
  await t.clock.advance(MINUTE_MS - 1);
  expect(await board.of(id)).toBe(first);
  await t.clock.advance(1);
  expect((await board.of(id)).traffic?.untilMs).toBe((first.traffic?.untilMs ?? 0) + MINUTE_MS);
});

test("without two such status packets there is nothing to tell", async () => {
  await using t = await testApp();
  const member = t.fleet.members[3] as FleetMember;
  await t.store.addPackets(minutely(member, t.clock.now(), 5));
  expect(await trafficSeen(t, member)).toBeNull();
});

test("losses are told in words, those of a newer agent too, and no sooner than counts of frames", async () => {
  await using t = await testApp();
  const member = t.fleet.members[3] as FleetMember;
  const atMs = t.clock.now();
  const losses = [
    { reason: "beacon_tx_freq", count: 3 },
    { reason: "of_a_newer_agent", count: 2 },
  ];
  await t.store.addPackets([filed(member, { ...at(atMs, null), sequence: 100, losses })]);
  expect((await detail(t, member)).losses).toBeNull();
  await t.clock.advance(FLEET_PARAMETERS.revealDeadlineMs + 1);
  expect((await detail(t, member)).losses).toEqual({
    atMs,
    counts: [
      { reason: "beacon_tx_freq", count: 3, text: LOSS_REASONS.beacon_tx_freq },
      { reason: "of_a_newer_agent", count: 2, text: "of a newer agent" },
    ],
  });
});
