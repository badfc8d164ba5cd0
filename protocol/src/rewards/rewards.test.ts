import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { beaconerUnits, type RewardUnits, splitPool, UNIT_SCALE, witnessUnits } from "./rewards.ts";

/** Expected shares of Helium's last verifier (iot_verifier runner.rs), for 1 to 15 witnesses. */
const BEACONER = [
  0.25, 0.5, 0.75, 1, 1.2, 1.36, 1.488, 1.5904, 1.6723, 1.7379, 1.7903, 1.8322, 1.8658, 1.8926, 1.9141,
];
const WITNESS = [
  1, 1, 1, 1, 0.76, 0.6067, 0.5017, 0.4262, 0.3697, 0.3262, 0.2918, 0.264, 0.2411, 0.222, 0.2057,
];
const inUnits = (shares: readonly number[]) => shares.map((share) => BigInt(Math.round(share * 10_000)));
const oneTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

describe("reward curve", () => {
  test("is the published one for 1 to 15 witnesses", () => {
    expect(oneTo(15).map(beaconerUnits)).toEqual(inUnits(BEACONER));
    expect(oneTo(15).map(witnessUnits)).toEqual(inUnits(WITNESS));
  });

  test("a beacon that nobody heard earns nothing", () => {
    expect([beaconerUnits(0), witnessUnits(0)]).toEqual([0n, 0n]);
  });

  test("more witnesses never cost the beaconer and never help a witness", () => {
    for (let n = 1; n < 1000; n++) {
      expect(beaconerUnits(n + 1)).toBeGreaterThanOrEqual(beaconerUnits(n));
      expect(witnessUnits(n + 1)).toBeLessThanOrEqual(witnessUnits(n));
      expect(beaconerUnits(n)).toBeLessThanOrEqual(2n * UNIT_SCALE);
    }
  });

  test.each([-1, 1.5, 1001, Number.NaN, Number.POSITIVE_INFINITY])("refuses %p witnesses", (count) => {
    expect(() => beaconerUnits(count)).toThrow(
      `Witness count is ${count}, must be an integer from 0 to 1000`,
    );
    expect(() => witnessUnits(count)).toThrow(RangeError);
  });
});

const units = (beaconer: bigint, witness: bigint): RewardUnits => ({
  beaconerUnits: beaconer,
  witnessUnits: witness,
});

describe("splitting a pool", () => {
  test("a worked example: floors on each side, dust left over", () => {
    const entries = new Map([
      ["c", units(1n, 0n)],
      ["a", units(2n, 3n)],
      ["b", units(0n, 4n)],
    ]);
    // Beaconers share 201 of 1007 (20 %, floored) by 2:1, witnesses 806 by 3:4.
    const { amounts, paid, unallocated } = splitPool({ pool: 1007n, beaconerShareBp: 2000, entries });
    expect([...amounts]).toEqual([
      ["a", 134n + 345n],
      ["b", 460n],
      ["c", 67n],
    ]);
    expect([paid, unallocated]).toEqual([1006n, 1n]);
  });

  test("a side without units leaves its whole share unallocated", () => {
    const split = (entry: RewardUnits) =>
      splitPool({ pool: 1000n, beaconerShareBp: 2000, entries: new Map([["a", entry]]) });
    expect(split(units(5n, 0n)).unallocated).toBe(800n);
    expect(split(units(0n, 5n)).unallocated).toBe(200n);
    expect(split(units(0n, 0n))).toEqual({ amounts: new Map([["a", 0n]]), paid: 0n, unallocated: 1000n });
    expect(splitPool({ pool: 7n, beaconerShareBp: 0, entries: new Map() }).unallocated).toBe(7n);
  });

  test("amounts far beyond 2^53 are exact", () => {
    const entries = new Map([
      ["a", units(1n, 1n)],
      ["b", units(2n, 2n)],
    ]);
    const { amounts, unallocated } = splitPool({ pool: 3n * 10n ** 30n, beaconerShareBp: 10_000, entries });
    expect([...amounts.values(), unallocated]).toEqual([10n ** 30n, 2n * 10n ** 30n, 0n]);
  });
});

const anyUnits = fc.record({
  beaconerUnits: fc.bigInt({ min: 0n, max: 10n ** 9n }),
  witnessUnits: fc.bigInt({ min: 0n, max: 10n ** 9n }),
});
const anySplit = fc.record({
  pool: fc.bigInt({ min: 0n, max: 10n ** 27n }),
  beaconerShareBp: fc.integer({ min: 0, max: 10_000 }),
  entries: fc
    .uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 8 }), anyUnits), {
      selector: ([id]) => id,
      maxLength: 12,
    })
    .map((pairs) => new Map(pairs)),
});

describe("for any pool and units", () => {
  test("paid and unallocated make the pool, dust is less than one unit of money per payment", () => {
    fc.assert(
      fc.property(anySplit, (input) => {
        const { amounts, paid, unallocated } = splitPool(input);
        expect(paid + unallocated).toBe(input.pool);
        expect([...amounts.values()].reduce((sum, amount) => sum + amount, 0n)).toBe(paid);
        expect([...amounts.values()].every((amount) => amount >= 0n)).toBe(true);
        expect([...amounts.keys()]).toEqual([...input.entries.keys()].sort());
        const all = [...input.entries.values()];
        const isEachSideEarned =
          all.some((u) => u.beaconerUnits > 0n) && all.some((u) => u.witnessUnits > 0n);
        if (isEachSideEarned) expect(unallocated).toBeLessThan(BigInt(2 * all.length));
      }),
    );
  });

  test("the order of the entries does not matter", () => {
    fc.assert(
      fc.property(anySplit, (input) => {
        const reversed = new Map([...input.entries].reverse());
        expect([...splitPool({ ...input, entries: reversed }).amounts]).toEqual([
          ...splitPool(input).amounts,
        ]);
      }),
    );
  });

  test("more units on either side never pay less", () => {
    fc.assert(
      fc.property(anySplit, (input) => {
        const { amounts } = splitPool(input);
        for (const [a, unitsA] of input.entries) {
          for (const [b, unitsB] of input.entries) {
            const isNoLess =
              unitsA.beaconerUnits >= unitsB.beaconerUnits && unitsA.witnessUnits >= unitsB.witnessUnits;
            if (isNoLess) expect(amounts.get(a)! >= amounts.get(b)!).toBe(true);
          }
        }
      }),
    );
  });

  test("more units or a larger pool never lower one's amount", () => {
    fc.assert(
      fc.property(anySplit, anyUnits, anyUnits, (input, before, extra) => {
        const amountOf = (own: RewardUnits, pool: bigint) =>
          splitPool({ ...input, pool, entries: new Map(input.entries).set("own", own) }).amounts.get("own")!;
        const more = units(
          before.beaconerUnits + extra.beaconerUnits,
          before.witnessUnits + extra.witnessUnits,
        );
        expect(amountOf(more, input.pool)).toBeGreaterThanOrEqual(amountOf(before, input.pool));
        expect(amountOf(before, input.pool + extra.witnessUnits)).toBeGreaterThanOrEqual(
          amountOf(before, input.pool),
        );
      }),
    );
  });
});

test("impossible input is refused by name", () => {
  const entries = new Map([["a", units(1n, 1n)]]);
  expect(() => splitPool({ pool: -1n, beaconerShareBp: 2000, entries })).toThrow("Pool is -1");
  for (const beaconerShareBp of [-1, 10_001, 0.5, Number.NaN]) {
    expect(() => splitPool({ pool: 1n, beaconerShareBp, entries })).toThrow(
      `beaconerShareBp is ${beaconerShareBp}`,
    );
  }
  const negative = new Map([["a", units(0n, -1n)]]);
  expect(() => splitPool({ pool: 1n, beaconerShareBp: 2000, entries: negative })).toThrow(
    "Units of a are 0 and -1",
  );
});
