import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ProvenBeacon } from "../judging/proven-beacon.ts";
import { Scenario } from "../judging/scenario.ts";
import { buildTree, EMPTY_ROOT, leafHash, verifyProof } from "../merkle/merkle-tree.ts";
import type { NetworkParameters } from "../parameters/parameters.ts";
import { settleEpoch } from "./settlement.ts";

const scenario = new Scenario([0, 1000, 2000, 3000, 4000, 5000]);
const hotspots = scenario.stations.map(({ hotspot }) => hotspot);
const ids = hotspots.map(({ id }) => id);
const { parameters } = scenario;

const provenBeacon: fc.Arbitrary<ProvenBeacon> = fc
  .tuple(fc.constantFrom(...ids), fc.subarray(ids, { minLength: 1 }), fc.nat({ max: 1000 }))
  .map(([beaconer, others, key]) => ({
    beaconer,
    beaconKey: key.toString(16).padStart(24, "0"),
    witnesses: others.filter((id) => id !== beaconer).sort(),
  }))
  .filter(({ witnesses }) => witnesses.length > 0);
const proven = fc.array(provenBeacon, { maxLength: 12 });
const rules: fc.Arbitrary<NetworkParameters> = fc
  .record({ poolPerEpoch: fc.bigInt({ min: 0n, max: 10n ** 15n }), beaconerShareBp: fc.nat({ max: 10_000 }) })
  .map((changes) => ({ ...parameters, ...changes }));
const cumulative = fc
  .dictionary(fc.constantFrom(...ids), fc.bigInt({ min: 0n, max: 10n ** 18n }))
  .map((amounts) => new Map(Object.entries(amounts)));

describe("every settlement", () => {
  test("accounts for the whole pool: paid + unallocated = pool, paid = sum of all lines", () => {
    fc.assert(
      fc.property(proven, rules, cumulative, (beacons, p, before) => {
        const { pool, paid, unallocated, payments } = settleEpoch(
          { proven: beacons },
          { parameters: p, hotspots, before },
        );
        expect(pool).toBe(p.poolPerEpoch);
        expect(paid + unallocated).toBe(pool);
        expect(unallocated >= 0n).toBe(true);
        expect(payments.reduce((sum, { delta }) => sum + delta, 0n)).toBe(paid);
      }),
    );
  });

  test("never lowers an amount, and keeps everybody ever paid, sorted by id", () => {
    fc.assert(
      fc.property(proven, rules, cumulative, (beacons, p, before) => {
        const { payments } = settleEpoch({ proven: beacons }, { parameters: p, hotspots, before });
        for (const { hotspotId, cumulative: after, delta } of payments) {
          expect(delta >= 0n).toBe(true);
          expect(after).toBe((before.get(hotspotId) ?? 0n) + delta);
        }
        const lines = payments.map(({ hotspotId }) => hotspotId);
        expect(lines).toEqual([...new Set(lines)].sort());
        const earners = beacons.flatMap(({ beaconer, witnesses }) => [beaconer, ...witnesses]);
        expect(new Set(lines)).toEqual(new Set([...before.keys(), ...earners]));
      }),
    );
  });

  test("does not depend on the order of beacons, hotspots or earlier amounts", () => {
    const whole = <T>(list: T[]) =>
      fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length });
    const orders = fc
      .tuple(proven, cumulative)
      .chain(([beacons, before]) =>
        fc.tuple(fc.constant({ beacons, before }), whole(beacons), whole([...before]), whole(hotspots)),
      );
    fc.assert(
      fc.property(orders, ([{ beacons, before }, otherBeacons, otherBefore, otherHotspots]) => {
        const settled = settleEpoch({ proven: beacons }, { parameters, hotspots, before });
        const other = settleEpoch(
          { proven: otherBeacons },
          { parameters, hotspots: otherHotspots, before: new Map(otherBefore) },
        );
        expect(other.payments).toEqual(settled.payments);
        expect(other.tree.root).toEqual(settled.tree.root);
      }),
      { numRuns: 30 },
    );
  });

  test("can be claimed line by line against its root", () => {
    const payee = new Uint8Array(20).fill(7);
    const paidTo = hotspots.map((hotspot, i) => (i % 2 === 0 ? { ...hotspot, payee } : hotspot));
    const { witnesses, beacon } = scenario.round();
    const judgement = scenario.judge([beacon, ...witnesses]);
    const { payments, tree } = settleEpoch(judgement, { parameters, hotspots: paidTo, before: new Map() });
    expect(payments).toHaveLength(6);
    const { chainId, contract } = parameters;
    const leaves = payments.map(({ hotspotId, payee: to, cumulative: amount }) => {
      const hotspot = hotspots.find(({ id }) => id === hotspotId)?.publicKey as Uint8Array;
      const index = ids.indexOf(hotspotId);
      expect(to).toEqual(index % 2 === 0 ? payee : new Uint8Array(20));
      return { chainId, contract, hotspot, payee: to, cumulative: amount };
    });
    expect(buildTree(leaves).root).toEqual(tree.root);
    for (const [i, leaf] of leaves.entries()) {
      expect(verifyProof(tree.root, leafHash(leaf), tree.proof(i))).toBe(true);
    }
  });
});

test("two beacons with one and five witnesses, by hand", () => {
  const p = { ...parameters, poolPerEpoch: 1_000_000n, beaconerShareBp: 2000 };
  const [a, b, c, d, e, f] = ids as [string, string, string, string, string, string];
  const beacons: ProvenBeacon[] = [
    { beaconKey: "1", beaconer: a, witnesses: [b] },
    { beaconKey: "2", beaconer: b, witnesses: [a, c, d, e, f].sort() },
  ];
  const { payments, paid, unallocated } = settleEpoch(
    { proven: beacons },
    { parameters: p, hotspots, before: new Map([[a, 5n]]) },
  );
  const lines = new Map(payments.map(({ hotspotId, delta }) => [hotspotId, delta]));
  // Beaconers share 200000 by 0.25 : 1.2; witnesses 800000 by 1 (b) and 0.76 each (a, c, d, e, f).
  const beaconers = (units: bigint) => (200_000n * units) / 14_500n;
  const witnesses = (units: bigint) => (800_000n * units) / 48_000n;
  expect(lines.get(a)).toBe(beaconers(2500n) + witnesses(7600n));
  expect(lines.get(b)).toBe(beaconers(12_000n) + witnesses(10_000n));
  for (const id of [c, d, e, f]) expect(lines.get(id)).toBe(witnesses(7600n));
  expect(paid + unallocated).toBe(1_000_000n);
  expect(payments.find(({ hotspotId }) => hotspotId === a)?.cumulative).toBe(5n + (lines.get(a) as bigint));
});

test("an epoch in which nothing was proven pays nothing and keeps the whole pool", () => {
  const settled = settleEpoch({ proven: [] }, { parameters, hotspots, before: new Map() });
  expect(settled).toMatchObject({ paid: 0n, unallocated: parameters.poolPerEpoch, payments: [] });
  expect(settled.tree.root).toEqual(EMPTY_ROOT);
});

test("paying a hotspot that is not registered is a bug of the caller", () => {
  const [first] = ids as [string];
  const before = new Map([[first, 1n]]);
  expect(() => settleEpoch({ proven: [] }, { parameters, hotspots: hotspots.slice(1), before })).toThrow(
    `Hotspot ${first} was paid but is not registered`,
  );
});

describe("density", () => {
  /** Two beacons, each heard by the last two stations. */
  const heard = (beaconers: readonly number[]): ProvenBeacon[] =>
    beaconers.map((i) => ({
      beaconer: ids[i] as string,
      beaconKey: i.toString(16).padStart(24, "0"),
      witnesses: [ids[4] as string, ids[5] as string].sort(),
    }));
  const deltas = (at: readonly number[], beaconers: readonly number[], densityScaling = 1) => {
    const places = hotspots.map((hotspot, i) => ({ ...hotspot, cell: hotspots[at[i] ?? i]?.cell ?? "" }));
    const inputs = { parameters: { ...parameters, densityScaling }, hotspots: places, before: new Map() };
    const { payments } = settleEpoch({ proven: heard(beaconers) }, inputs);
    return new Map(payments.map(({ hotspotId, delta }) => [hotspotId, delta]));
  };
  const of = (amounts: Map<string, bigint>, i: number) => amounts.get(ids[i] as string) ?? 0n;

  test("two in one cell share what one alone elsewhere earns", () => {
    const amounts = deltas([0, 0], [0, 1, 3]);
    expect(of(amounts, 0)).toBe(of(amounts, 1));
    expect(2n * of(amounts, 0)).toBe(of(amounts, 3));
  });

  test("switched off, a place does not matter", () => {
    const amounts = deltas([0, 0], [0, 1, 3], 0);
    expect(of(amounts, 0)).toBe(of(amounts, 3));
  });
});
