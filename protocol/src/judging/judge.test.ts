import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ChainChecker } from "../beacon/chain.ts";
import { sha256 } from "../crypto/sha256.ts";
import { typicalPackets } from "../packet/samples.ts";
import { drawIndex } from "../time/schedule.ts";
import { groupReports, reportIndexAndKey } from "./group.ts";
import { judgeGroup } from "./judge.ts";
import { RULE_LISTS } from "./rule-lists.ts";
import { entropyValue, Scenario, verdictOn } from "./scenario.ts";
import type { JudgingContext, ReceivedPacket } from "./types.ts";

describe("a beacon that nobody validly heard", () => {
  test("is not refused, but earns and proves nothing", () => {
    const scenario = new Scenario();
    const { beacon } = scenario.round(0, []);
    const judgement = scenario.judge([beacon]);
    expect(verdictOn(judgement, beacon)).toMatchObject({ outcome: "unpaid", reason: "not_heard" });
    expect(judgement.proven).toEqual([]);
  });

  test("a refused witness does not count", () => {
    const scenario = new Scenario([0, 100]);
    const { beacon, witnesses } = scenario.round();
    const judgement = scenario.judge([beacon, ...witnesses]);
    expect(judgement.verdicts.map(({ reason }) => reason).sort()).toEqual(["not_heard", "too_close"]);
  });
});

describe("the draw", () => {
  const stations = Array.from({ length: 21 }, (_, i) => i * 500);
  const scenario = new Scenario(stations);
  const { packet, beacon, witnesses } = scenario.round();
  const paidOf = (packets: readonly ReceivedPacket[], inputs = {}) =>
    scenario.judge(packets, inputs).proven[0]?.witnesses ?? [];

  /** The draw, written again from its description: lowest SHA-256 of beacon id, key and entropy after the deadline. */
  function expectedDraw(): string[] {
    const entropy = entropyValue(drawIndex(packet.entropyIndex, scenario.parameters));
    const lots = witnesses.map(({ hotspotId, publicKey }) => ({
      hotspotId,
      lot: sha256(Uint8Array.fromHex(beacon.id), publicKey, entropy).toHex(),
    }));
    const drawn = lots.sort((a, b) => (a.lot < b.lot ? -1 : 1)).slice(0, 14);
    return drawn.map(({ hotspotId }) => hotspotId).sort();
  }

  test("pays 14 of 20 valid witnesses, those with the lowest lots", () => {
    const judgement = scenario.judge([beacon, ...witnesses]);
    expect(judgement.proven[0]?.witnesses).toEqual(expectedDraw());
    const reasons = witnesses.map((report) => verdictOn(judgement, report));
    expect(reasons.filter(({ reason }) => reason === "ok")).toHaveLength(14);
    const others = reasons.filter(({ reason }) => reason === "not_drawn");
    expect(others).toHaveLength(6);
    for (const { measurements } of others) expect(measurements).toEqual([{ name: "valid", value: 20 }]);
  });

  test("of exactly 14 pays all, of 15 leaves out one", () => {
    expect(paidOf([beacon, ...witnesses.slice(0, 14)])).toHaveLength(14);
    const judgement = scenario.judge([beacon, ...witnesses.slice(0, 15)]);
    expect(judgement.verdicts.filter(({ reason }) => reason === "not_drawn")).toHaveLength(1);
  });

  test("does not depend on who arrived first", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60_000 }), { minLength: 20, maxLength: 20 }), (delays) => {
        const arrived = witnesses.map((report, i) => ({
          ...report,
          receivedAtMs: packet.atMs + (delays[i] as number),
        }));
        expect(paidOf([beacon, ...arrived])).toEqual(expectedDraw());
      }),
      { numRuns: 20 },
    );
  });

  test("hangs on the entropy published after the deadline, and on the next one if that is missing", () => {
    const index = drawIndex(packet.entropyIndex, scenario.parameters);
    const all = scenario.inputs([]).entropy;
    const changed = all.map((entropy) =>
      entropy.index === index ? { index, value: new Uint8Array(32) } : entropy,
    );
    expect(paidOf([beacon, ...witnesses], { entropy: changed })).not.toEqual(expectedDraw());
    const without = all.filter((entropy) => entropy.index !== index);
    const next = all.map((entropy) =>
      entropy.index === index ? { index, value: entropyValue(index + 1) } : entropy,
    );
    const drawn = paidOf([beacon, ...witnesses], { entropy: without });
    expect(drawn).toEqual(paidOf([beacon, ...witnesses], { entropy: next }));
    expect(drawn).not.toEqual(expectedDraw());
  });

  test("without any later entropy still gives one answer", () => {
    const entropy = scenario.inputs([]).entropy.filter(({ index }) => index <= packet.entropyIndex);
    const drawn = paidOf([beacon, ...witnesses], { entropy });
    expect(drawn).toHaveLength(14);
    expect(paidOf([...witnesses.toReversed(), beacon], { entropy })).toEqual(drawn);
  });
});

describe("groups", () => {
  test("hold the reports about one beacon, sorted by its key", () => {
    const scenario = new Scenario();
    const rounds = [0, 1, 2].map((of) => scenario.round(of));
    const groups = groupReports(rounds.flatMap(({ beacon, witnesses }) => [...witnesses, beacon]));
    expect(groups.map(({ beacons, witnesses }) => [beacons.length, witnesses.length])).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(groups.map(({ key }) => key)).toEqual(groups.map(({ key }) => key).sort());
  });

  test("a store files both kinds of report under index and key, and other packets under none", () => {
    const scenario = new Scenario();
    const { packet, beacon, witnesses } = scenario.round();
    const filed = { entropyIndex: packet.entropyIndex, key: groupReports([beacon])[0]?.key as string };
    for (const report of [beacon, ...witnesses])
      expect(reportIndexAndKey(report)).toEqual({ type: report.packet.type, ...filed });
    for (const other of [typicalPackets.status, typicalPackets.reading]) {
      expect(reportIndexAndKey({ packet: other, publicKey: beacon.publicKey })).toBeUndefined();
    }
  });

  test("two hotspots with the same short id: the report with the lowest sequence number counts", () => {
    const scenario = new Scenario();
    const [own, other] = [scenario.round(0, [2]), scenario.round(1, [])];
    const [group] = groupReports([own.beacon, ...own.witnesses]);
    const hotspots = new Map(scenario.stations.map(({ hotspot }) => [hotspot.id, hotspot]));
    const chains = new ChainChecker("demo");
    const judging: JudgingContext = {
      parameters: scenario.parameters,
      hotspot: (id) => hotspots.get(id),
      entropyValue,
      isEntropyCounted: () => true,
      firstEntropyOfWindow: (window) => window * scenario.parameters.windowPeriods,
      drawEntropy: entropyValue,
      isSequenceReused: () => false,
      firstBeaconIndex: () => undefined,
      earlierReport: () => undefined,
      contact: () => undefined,
      denial: () => undefined,
      edgeDenial: () => undefined,
      isChainValue: (...asked) => chains.isValue(...asked),
    };
    const collided = {
      ...group,
      beacons: [{ ...other.beacon, packet: { ...other.packet, sequence: 2 } }, own.beacon],
    };
    const judgement = judgeGroup(collided as NonNullable<typeof group>, judging, RULE_LISTS["earshot-1"]);
    expect(judgement.proven?.beaconer).toBe(own.beacon.hotspotId);
    expect(verdictOn(judgement, other.beacon).reason).toBe("duplicate");
  });
});
