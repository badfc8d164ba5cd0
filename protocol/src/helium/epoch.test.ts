import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Scenario, verdictOn } from "../judging/scenario.ts";
import type { ReceivedPacket, ReceivedReport } from "../judging/types.ts";
import { denialSubject } from "../network/denial.ts";
import { earshot1 } from "../rules/rule-sets.ts";
import { judgeHeliumEpoch } from "./epoch.ts";
import { heliumHistory } from "./judge.ts";
import { settleHeliumEpoch } from "./settle.ts";

type Round = ReturnType<Scenario["round"]>;
/** Received a second after they were made: Helium paid whoever was fast. */
const packetsOf = (rounds: readonly Round[]): ReceivedReport[] =>
  rounds.flatMap(({ beacon, witnesses }) => [beacon, ...witnesses.map(fast)]);
const fast = <R extends ReceivedReport>(report: R): R => ({
  ...report,
  receivedAtMs: report.packet.atMs + 1000,
});
const stationsOf = (scenario: Scenario) => scenario.stations.map((_, i) => i);

/** Everybody has lately beaconed and witnessed, before the epoch. */
function lately(scenario: Scenario) {
  const beforeMs =
    scenario.epoch * scenario.parameters.epochPeriods * scenario.parameters.entropyPeriodMs - 1;
  const all = new Map(scenario.stations.map(({ hotspot }) => [hotspot.id, beforeMs]));
  return { lastBeaconMs: all, lastWitnessedBeaconMs: all, lastWitnessMs: all };
}

const judge = (scenario: Scenario, packets: readonly ReceivedPacket[], changes = {}) =>
  judgeHeliumEpoch({ ...scenario.inputs(packets, changes), history: lately(scenario) });

const settle = (scenario: Scenario, packets: readonly ReceivedPacket[], before = new Map<string, bigint>()) =>
  settleHeliumEpoch(judge(scenario, packets), {
    parameters: scenario.parameters,
    hotspots: scenario.stations.map(({ hotspot }) => hotspot),
    before,
  });

describe("an honest round", () => {
  const scenario = new Scenario();
  const rounds = stationsOf(scenario).map((who) => scenario.round(who));

  test("is paid", () => {
    const { verdicts, proven } = judge(scenario, packetsOf(rounds));
    expect(verdicts.map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual(Array(9).fill("paid ok"));
    expect(proven.map(({ witnesses }) => witnesses.length)).toEqual([2, 2, 2]);
  });

  test("is paid 16 % and 64 % of the pool, equal work equally", () => {
    const { payments, paid, unallocated, pool, tree } = settle(scenario, packetsOf(rounds));
    expect(payments.map(({ delta }) => delta)).toEqual(Array(3).fill(266_666_666_666n));
    expect([paid, paid + unallocated]).toEqual([799_999_999_998n, pool]);
    expect(tree.root).toHaveLength(32);
  });

  test("adds to what was paid before, and the tree holds the sums", () => {
    const [first, second] = [settle(scenario, packetsOf(rounds)), 5n];
    const before = new Map([[scenario.hotspot(0).id, second]]);
    const later = settle(scenario, packetsOf(rounds), before);
    const own = later.payments.find(({ hotspotId }) => hotspotId === scenario.hotspot(0).id);
    expect(own).toMatchObject({ delta: 266_666_666_666n, cumulative: 266_666_666_671n });
    expect(later.tree.root).not.toEqual(first.tree.root);
  });

  test("without a history fails for whoever has not witnessed yet, and counts from then on", () => {
    const again = stationsOf(scenario).map((who) => scenario.round(who, undefined, scenario.window + 1));
    const { verdicts, history } = judgeHeliumEpoch(scenario.inputs(packetsOf([...rounds, ...again])));
    const firstBeacon = rounds.map(({ beacon }) => beacon).sort((a, b) => a.packet.atMs - b.packet.atMs)[0];
    expect(verdictOn({ verdicts }, firstBeacon as ReceivedReport).reason).toBe("gateway_no_valid_witnesses");
    for (const report of packetsOf(again)) expect(verdictOn({ verdicts }, report).outcome).toBe("paid");
    expect(history.lastBeaconMs.size).toBe(3);
    const next = judgeHeliumEpoch({ ...scenario.inputs([]), history });
    expect(next.history).toEqual(heliumHistory(history));
  });

  test("gives one result in any order, with packets twice, however late the copies", () => {
    const packets = packetsOf(rounds);
    const expected = judge(scenario, packets);
    const copies = packets.map((packet) => ({ ...packet, receivedAtMs: packet.receivedAtMs + 90_000 }));
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...packets, ...copies], { minLength: 18, maxLength: 18 }),
        (shuffled) => {
          expect(judge(scenario, shuffled)).toEqual(expected);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("twenty witnesses", () => {
  const scenario = new Scenario(Array.from({ length: 21 }, (_, i) => i * 1000));
  const { packet, beacon, witnesses } = scenario.round();
  const delayed = (delayMs: (i: number) => number) =>
    witnesses.map((report, i) => ({ ...report, receivedAtMs: packet.atMs + delayMs(i) }));
  const paidIds = (reports: typeof witnesses) =>
    judge(scenario, [beacon, ...reports]).proven[0]?.witnesses.toSorted();

  test("of them the first 14 by receive time are paid: fast lines earn, as they did", () => {
    const ids = witnesses.map(({ hotspotId }) => hotspotId);
    expect(paidIds(delayed((i) => 10 * i))).toEqual(ids.slice(0, 14).sort());
    expect(paidIds(delayed((i) => 10 * (20 - i)))).toEqual(ids.slice(6).sort());
  });

  test("those beyond are unpaid, not refused; those after 4 s are refused", () => {
    const reports = delayed((i) => (i < 16 ? i : 4001));
    const { verdicts } = judge(scenario, [beacon, ...reports]);
    const reasons = reports
      .map((report) => verdictOn({ verdicts }, report))
      .map((v) => `${v.outcome} ${v.reason}`);
    expect(reasons.slice(14)).toEqual([
      ...Array(2).fill("unpaid unselected"),
      ...Array(4).fill("refused too_late"),
    ]);
  });

  test("and beaconer get their whole side between them, less the remainders", () => {
    const reports = delayed((i) => i);
    const { payments } = settle(scenario, [beacon, ...reports]);
    const delta = (id: string) => payments.find(({ hotspotId }) => hotspotId === id)?.delta;
    // 1.8926 units at a worth of one that was rounded down.
    expect(delta(beacon.hotspotId)).toBe(159_999_999_999n);
    expect(delta(reports[0]?.hotspotId as string)).toBe(640_000_000_000n / 14n);
    expect(payments).toHaveLength(15);
  });
});

describe("what earshot-1 refuses passes here: that contrast is the point", () => {
  const scenario = new Scenario();
  const reasonUnder = (packets: ReceivedReport[], report: ReceivedReport) => [
    verdictOn(judge(scenario, packets), report).reason,
    verdictOn(earshot1.judge(scenario.inputs(packets)), report).reason,
  ];

  test("power that no radio has, and with it a signal that free space forbids", () => {
    const packet = { ...scenario.beacon(0), powerDbm: 40 };
    const beacon = scenario.receive(0, packet);
    // 5 km of free space leave −61 dBm of 40 dBm, and −87 dBm of the 14 dBm that were really sent.
    const witness = fast(scenario.receive(1, { ...scenario.witness(1, 0, packet), rssiDbm: -70 }));
    expect(reasonUnder([beacon, witness], beacon)).toEqual(["ok", "power_too_high"]);
    expect(reasonUnder([beacon, witness], witness)).toEqual(["ok", "beacon_refused"]);
    const modest = scenario.receive(0, scenario.beacon(0));
    expect(reasonUnder([modest, witness], witness)).toEqual(["bad_rssi", "rssi_above_free_space"]);
  });

  test("a beacon that the hotspot had not committed to", () => {
    const honest = scenario.beacon(0);
    const value = honest.value.map((byte) => byte ^ 1);
    const forged = scenario.beaconAt(0, honest.entropyIndex, value);
    const beacon = scenario.receive(0, forged);
    const witness = fast(scenario.receive(1, scenario.witness(1, 0, forged)));
    expect(reasonUnder([beacon, witness], beacon)).toEqual(["ok", "wrong_value"]);
  });
});

describe("beacon reports without entropy and witnesses without a beacon are stale", () => {
  const scenario = new Scenario();
  const { beacon, witnesses } = scenario.round();

  test("a witness of no reported beacon, and all of an entropy that was not published", () => {
    const reasons = (packets: ReceivedPacket[], changes = {}) =>
      new Set(judge(scenario, packets, changes).verdicts.map(({ reason }) => reason));
    expect(reasons(witnesses)).toEqual(new Set(["stale"]));
    expect(reasons([beacon, ...witnesses], { entropy: [] })).toEqual(new Set(["stale"]));
  });
});

test("denials in force are the denylist; no denials deny nobody", () => {
  const scenario = new Scenario();
  const { beacon, witnesses } = scenario.round();
  const [peer] = witnesses;
  const keys = [beacon.publicKey, peer?.publicKey as Uint8Array].sort((a, b) =>
    a.toHex() < b.toHex() ? -1 : 1,
  );
  const denial = {
    hotspot: keys[0] as Uint8Array,
    peer: keys[1] as Uint8Array,
    reason: "test",
    evidence: "test",
    atMs: 1,
    fromEpoch: 0,
    untilEpoch: scenario.epoch + 1,
  };
  expect(denialSubject(denial)).toContain(" ");
  const reasons = (denials: unknown[]) => {
    const { verdicts } = judge(scenario, [beacon, ...witnesses.map(fast)], { denials });
    return witnesses.map((report) => verdictOn({ verdicts }, report).reason);
  };
  expect(reasons([])).toEqual(["ok", "ok"]);
  expect(reasons([denial])).toEqual(["denied_edge", "ok"]);
  expect(reasons([{ ...denial, hotspot: peer?.publicKey, peer: null }])).toEqual(["denied", "ok"]);
});

test("two hotspots at one place earn half as much of what others earn", () => {
  const scenario = new Scenario([0, 5000, 9000]);
  const [a, b] = [scenario.hotspot(0), scenario.hotspot(1)];
  const judgement = judge(scenario, packetsOf(stationsOf(scenario).map((who) => scenario.round(who))));
  const hotspots = scenario.stations.map(({ hotspot }) => hotspot);
  const together = hotspots.map((each) => (each === b ? { ...each, cell: a.cell } : each));
  const beaconShare = (given: typeof hotspots) => {
    const only = { ...judgement, proven: judgement.proven.map((each) => ({ ...each, witnesses: ["w"] })) };
    const known = [...given, { ...a, id: "w" }];
    const inputs = { parameters: scenario.parameters, hotspots: known, before: new Map() };
    const { payments } = settleHeliumEpoch(only, inputs);
    return hotspots.map(({ id }) => payments.find(({ hotspotId }) => hotspotId === id)?.delta);
  };
  expect(beaconShare(hotspots)).toEqual(Array(3).fill(53_333_333_333n));
  expect(beaconShare(together)).toEqual([40_000_000_000n, 40_000_000_000n, 80_000_000_000n]);
});
