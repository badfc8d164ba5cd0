import { describe, expect, test } from "bun:test";
import { distanceM, isPosition, isRegionId } from "@earshot/protocol";
import fc from "fast-check";
import { CITIES, cityOfRegion } from "./cities.ts";
import { towards } from "./offset.ts";
import { assertedErrorM, FLEET_SIZES_WITH_MISTAKE, placeSites, type Site } from "./place.ts";

const denver = CITIES.denver!;
const seeds = fc.integer({ min: 0, max: 0xffff_ffff });
const closePairs = (sites: readonly Site[]) =>
  sites.flatMap((a, i) => sites.slice(i + 1).filter((b) => distanceM(a.position, b.position) < 300));

describe("placeSites", () => {
  test("the same seed places the same fleet, another seed another one", () => {
    expect(placeSites(24, denver, 7)).toEqual(placeSites(24, denver, 7));
    expect(placeSites(24, denver, 7)).not.toEqual(placeSites(24, denver, 8));
  });

  test("a site does not depend on how many follow", () => {
    const [small, large] = [placeSites(7, denver, 7), placeSites(7 * 8, denver, 7)];
    expect(large.slice(0, 7)).toEqual(small);
  });

  test("from 8 hotspots on one owner, from 16 on two asserted a wrong place, some kilometres off", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 30 }), (seed, count) => {
        const errors = placeSites(count, denver, seed)
          .map(assertedErrorM)
          .filter((metres) => metres > 0);
        expect(errors.length).toBe(FLEET_SIZES_WITH_MISTAKE.filter((size) => count >= size).length);
        for (const metres of errors) {
          expect(metres).toBeGreaterThan(2900);
          expect(metres).toBeLessThan(7100);
        }
      }),
    );
  });

  test("the first of them has no GPS that could tell, the second has one", () => {
    const mistaken = placeSites(16, denver, 7).filter((site) => assertedErrorM(site) > 0);
    expect(mistaken.map(({ hasGps }) => hasGps).toSorted()).toEqual([false, true]);
  });

  test("some stand on the same block, and most do not", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const sites = placeSites(24, denver, seed);
        expect(closePairs(sites).length).toBeGreaterThan(0);
        expect(closePairs(sites).length).toBeLessThan((24 * 23) / 4);
      }),
    );
  });

  test("every city has a known region and can be found by it", () => {
    for (const [key, city] of Object.entries(CITIES)) {
      expect(isRegionId(city.region)).toBe(true);
      expect(cityOfRegion(city.region)).toBe(key);
      expect(placeSites(9, city, 1).every(({ asserted }) => isPosition(asserted))).toBe(true);
    }
    expect(cityOfRegion("EU433")).toBeUndefined();
  });
});

test("towards goes as far as it says", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 50, max: 20_000 }),
      fc.double({ min: 0, max: 6.28, noNaN: true }),
      (metres, direction) => {
        const from = { latE7: 397_392_000, lonE7: -1_049_903_000 };
        const walked = distanceM(from, towards(from, metres, direction));
        expect(Math.abs(walked - metres)).toBeLessThanOrEqual(1 + metres * 0.002);
      },
    ),
  );
});
