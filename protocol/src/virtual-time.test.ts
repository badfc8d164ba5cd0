import { expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "./virtual-time.ts";

const take = (seed: number, count: number) => Array.from({ length: count }, seededRandom(seed));

test("a seed gives the same numbers for ever", () => {
  expect(take(7, 3).map((value) => Math.floor(value * 2 ** 32))).toEqual([
    50_271_532, 266_108_690, 4_195_786_334,
  ]);
});

test("numbers lie in [0, 1) and the next seed gives others", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const values = take(seed, 50);
      for (const value of values) expect(value >= 0 && value < 1).toBe(true);
      expect(take(seed, 50)).toEqual(values);
      expect(take(seed + 1, 50)).not.toEqual(values);
    }),
  );
});

test("a hundred thousand numbers spread evenly", () => {
  const bins = new Array<number>(16).fill(0);
  for (const value of take(42, 100_000)) bins[Math.floor(value * 16)]!++;
  const mean = 100_000 / 16;
  // 15 degrees of freedom: above 37.7 once in a thousand; the seed is fixed.
  expect(bins.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)).toBeLessThan(37.7);
});
