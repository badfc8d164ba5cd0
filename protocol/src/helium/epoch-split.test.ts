import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { divideHalfEven, divideUp, fixed, formatFixed } from "../math/decimal.ts";
import { beaconerUnits, witnessUnits } from "../rewards/rewards.ts";
import { dcToBones, type HeliumShares, payloadToDc, SPLIT_PLACES, splitHeliumEpoch } from "./epoch-split.ts";

const PRICE = { raw: 3_590_000n, decimals: 8 };
const ONE = 10n ** BigInt(SPLIT_PLACES);

const share = (beacon: bigint, witness: bigint, dc: bigint): HeliumShares => ({
  beacon: beacon * ONE,
  witness: witness * ONE,
  dc: dc * ONE,
});

describe("an epoch's split", () => {
  test("without data credits gives beacons 16 % and witnesses 64 %", () => {
    const shares = new Map([
      ["a", share(1n, 0n, 0n)],
      ["b", share(0n, 4n, 0n)],
    ]);
    expect(splitHeliumEpoch({ emissions: 100n, shares })).toEqual({
      amounts: new Map([
        ["a", { beacon: 16n, witness: 0n, dc: 0n }],
        ["b", { beacon: 0n, witness: 64n, dc: 0n }],
      ]),
      paid: 80n,
      unallocated: 0n,
      operations: 7n,
      oracles: 7n,
      notEmitted: 6n,
    });
  });

  test("data credits are paid at their price and never more than half", () => {
    const spent = (dc: bigint) =>
      splitHeliumEpoch({ emissions: 10n ** 9n, price: PRICE, shares: new Map([["a", share(1n, 1n, dc)]]) });
    // 1000 DC = $0.01 = 27,855,153.2 bones at $0.0359; a fifth and four fifths of the rest of the half.
    expect(spent(1000n).amounts.get("a")).toEqual({
      beacon: 154_428_969n,
      witness: 617_715_877n,
      dc: 27_855_153n,
    });
    expect(spent(1000n).unallocated).toBe(1n);
    expect(spent(10n ** 9n).amounts.get("a")).toEqual({
      beacon: 60_000_000n,
      witness: 240_000_000n,
      dc: 500_000_000n,
    });
  });

  test("a side on which nobody earned is unallocated", () => {
    const { paid, unallocated } = splitHeliumEpoch({
      emissions: 1000n,
      shares: new Map([["a", share(0n, 5n, 0n)]]),
    });
    expect([paid, unallocated]).toEqual([640n, 160n]);
    expect(splitHeliumEpoch({ emissions: 1000n, shares: new Map() })).toMatchObject({
      paid: 0n,
      unallocated: 800n,
    });
  });

  test("what one share is worth is rounded to 15 decimals before it is multiplied and floored", () => {
    // 16/3 is rounded down, so that three thirds fall short of the whole.
    const third = { beacon: 1n, witness: 0n, dc: 0n };
    const shares = new Map(["a", "b", "c"].map((id) => [id, { ...third, beacon: 3n * ONE }]));
    expect(splitHeliumEpoch({ emissions: 100n, shares }).paid).toBe(15n);
    const one = new Map([["a", { ...third, beacon: 3n * ONE }]]);
    expect(splitHeliumEpoch({ emissions: 100n, shares: one }).paid).toBe(15n);
  });

  test("keeps paid + unallocated + the other buckets equal to the emissions, and pays nobody below 0", () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 6n * ONE });
    const shares = fc.dictionary(
      fc.string({ maxLength: 4 }),
      fc.record({ beacon: amount, witness: amount, dc: amount }),
      { maxKeys: 12 },
    );
    const price = fc.record({ raw: fc.bigInt({ min: 1n, max: 10n ** 10n }), decimals: fc.nat({ max: 9 }) });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), shares, price, (emissions, given, at) => {
        const split = splitHeliumEpoch({ emissions, shares: new Map(Object.entries(given)), price: at });
        const { paid, unallocated, operations, oracles, notEmitted } = split;
        expect(paid + unallocated + operations + oracles + notEmitted).toBe(emissions);
        for (const bucket of [paid, unallocated, operations, oracles, notEmitted])
          expect(bucket >= 0n).toBe(true);
        const sum = [...split.amounts.values()].reduce(
          (all, own) => all + own.beacon + own.witness + own.dc,
          0n,
        );
        expect(sum).toBe(paid);
      }),
    );
  });

  test("refuses what is negative, and data credits without a price", () => {
    const shares = new Map([["a", share(1n, 1n, 1n)]]);
    expect(() => splitHeliumEpoch({ emissions: 1n, shares })).toThrow("Data credits of a need a price");
    expect(() => splitHeliumEpoch({ emissions: -1n, shares: new Map() })).toThrow(RangeError);
    expect(() => splitHeliumEpoch({ emissions: 1n, shares: new Map([["a", share(-1n, 0n, 0n)]]) })).toThrow(
      RangeError,
    );
    expect(() => dcToBones(1n, { raw: 0n, decimals: 8 })).toThrow(RangeError);
  });
});

test("a million data credits at $0.00000359 a bone (oracles-iot's own conversion test)", () => {
  const bones = dcToBones(1_000_000n * ONE, { raw: 35_900_000_000n, decimals: 8 });
  expect(formatFixed(bones, SPLIT_PLACES)).toBe("2785515.320334261838441");
});

test("a packet costs a data credit for each 24 bytes begun, one at least", () => {
  expect([0, 1, 24, 25, 48, 49].map(payloadToDc)).toEqual([1, 1, 1, 2, 2, 3]);
});

describe("decimals", () => {
  test("halves go to the even neighbour, and up is up", () => {
    expect([5n, 15n, 25n, 26n, 24n].map((n) => divideHalfEven(n, 10n))).toEqual([0n, 2n, 2n, 3n, 2n]);
    expect([0n, 1n, 10n, 11n].map((n) => divideUp(n, 10n))).toEqual([0n, 1n, 1n, 2n]);
  });

  test("text and back", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.nat({ max: 20 }), (value, places) => {
        expect(fixed(formatFixed(value, places), places)).toBe(value);
      }),
    );
    for (const bad of ["", "-1", "1.", ".5", "1e3", "0.12345"])
      expect(() => fixed(bad, 4)).toThrow("at most 4 decimals");
  });
});

test("HIP 15: a beaconer's units rise to 2 with each witness, a witness's fall from 1", () => {
  for (let n = 1; n <= 200; n++) {
    expect(beaconerUnits(n) >= beaconerUnits(n - 1) && beaconerUnits(n) <= 20_000n).toBe(true);
    expect(witnessUnits(n + 1) <= witnessUnits(n) && witnessUnits(n) > 0n).toBe(true);
  }
});
