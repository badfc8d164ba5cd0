import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addEdges, type EdgeEvidence, edgeLevel, edgesOfEpoch } from "./edges.ts";
import { Scenario } from "./scenario.ts";
import type { ReceivedReport } from "./types.ts";

const scenario = new Scenario([0, 5000, 9000]);
const [a, b, c] = scenario.stations.map(({ hotspot }) => hotspot.id) as [string, string, string];

const edge = (rssi: readonly number[]): EdgeEvidence => ({
  beaconer: a,
  witness: b,
  heard: rssi.length,
  rssiSumDbm: rssi.reduce((sum, level) => sum + level, 0),
  rssiSumSquares: rssi.reduce((sum, level) => sum + level * level, 0),
  rssiMinDbm: Math.min(...rssi),
  rssiMaxDbm: Math.max(...rssi),
});

function edgesOf(reports: readonly ReceivedReport[]) {
  return edgesOfEpoch(reports, scenario.judge(reports).verdicts);
}

describe("edges of an epoch", () => {
  const rounds = [scenario.round(0), scenario.round(1), scenario.round(0, [1], scenario.window + 1)];
  const reports = rounds.flatMap(({ beacon, witnesses }) => [beacon, ...witnesses]);
  const edges = edgesOf(reports);

  test("count who validly heard whom, each way, in order", () => {
    const expected = [
      [a, b, 2],
      [a, c, 1],
      [b, a, 1],
      [b, c, 1],
    ] as [string, string, number][];
    expect(edges.map(({ beaconer, witness, heard }) => [beaconer, witness, heard])).toEqual(
      expected.toSorted(([x, y], [v, w]) => (`${x} ${y}` < `${v} ${w}` ? -1 : 1)),
    );
  });

  test("keep sums and bounds of the level", () => {
    const levels = [rounds[0], rounds[2]].map(
      (round) => round?.witnesses.find(({ hotspotId }) => hotspotId === b)?.packet.rssiDbm as number,
    );
    expect(edges.find(({ beaconer, witness }) => beaconer === a && witness === b)).toEqual(edge(levels));
  });

  test("do not depend on the order of reports", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(reports, { minLength: reports.length, maxLength: reports.length }),
        (shuffled) => expect(edgesOf(shuffled)).toEqual(edges),
      ),
      { numRuns: 10 },
    );
  });
});

describe("what is no edge", () => {
  test("a refused witness, or witnesses of a refused beacon", () => {
    const packet = scenario.beacon(0);
    const beacon = scenario.receive(0, packet);
    const good = scenario.receive(1, scenario.witness(1, 0, packet));
    const loud = scenario.receive(2, { ...scenario.witness(2, 0, packet), rssiDbm: 20 });
    expect(edgesOf([beacon, good, loud]).map(({ witness }) => witness)).toEqual([b]);
    const tooStrong = scenario.receive(0, { ...packet, powerDbm: 40 });
    expect(edgesOf([tooStrong, good])).toEqual([]);
  });

  test("a witness without the beaconer's report", () => {
    expect(edgesOf([scenario.receive(1, scenario.witness(1, 0, scenario.beacon(0)))])).toEqual([]);
    expect(edgesOf([])).toEqual([]);
  });

  test("but a witness that was not drawn is one: it heard the beacon", () => {
    const one = new Scenario([0, 5000, 9000], { maxPaidWitnesses: 1 });
    const { beacon, witnesses } = one.round();
    const { verdicts } = one.judge([beacon, ...witnesses]);
    expect(verdicts.map(({ outcome }) => outcome).toSorted()).toEqual(["paid", "paid", "unpaid"]);
    expect(edgesOfEpoch([beacon, ...witnesses], verdicts)).toHaveLength(2);
  });
});

describe("levels", () => {
  const rssi = fc.array(fc.integer({ min: -200, max: 50 }), { minLength: 1, maxLength: 30 });

  test("two stretches of an edge add up to one", () => {
    fc.assert(
      fc.property(rssi, rssi, (first, second) => {
        expect(addEdges(edge(first), edge(second))).toEqual(edge([...first, ...second]));
      }),
    );
  });

  test("mean and deviation of -100, -104, -96, -100 dBm", () => {
    const { meanDbm, deviationDb } = edgeLevel(edge([-100, -104, -96, -100]));
    expect(meanDbm).toBe(-100);
    expect(deviationDb).toBeCloseTo(Math.sqrt(8), 10);
  });

  test("one level, however often, has no spread and no NaN", () => {
    fc.assert(
      fc.property(fc.integer({ min: -200, max: 50 }), fc.integer({ min: 1, max: 40 }), (level, count) => {
        const { meanDbm, deviationDb } = edgeLevel(edge(new Array(count).fill(level)));
        expect(meanDbm).toBe(level);
        expect(deviationDb).toBe(0);
      }),
    );
  });
});
