import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cellToChildren, cellToParent, gridDisk, latLngToCell } from "h3-js";
import { cellFromDecimal } from "../helium/link-budget.ts";
import { densityScales, SCALE_UNIT } from "./density.ts";

/** Res-12 cells of hotspots in one town, and the scales that Helium's own test has for them (hex_density.rs). */
const TOWN: [cell: string, hotspots: number, scale: bigint][] = [
  ["631210990515536895", 3, 60n],
  ["631210990515537919", 3, 60n],
  ["631210990515538431", 1, 60n],
  ["631210990515564031", 1, 417n],
  ["631210990515589631", 1, 104n],
  ["631210990515600383", 1, 104n],
  ["631210990515601919", 1, 104n],
  ["631210990515606527", 1, 104n],
  ["631210990515722239", 2, 83n],
  ["631210990515727359", 1, 83n],
  ["631210990515728895", 1, 83n],
  ["631210990515739647", 1, 83n],
  ["631210990515874303", 1, 556n],
  ["631210990515924479", 1, 556n],
  ["631210990516363775", 1, 1667n],
  ["631210990515987455", 1, 556n],
  ["631210990516590079", 1, 556n],
  ["631210990516612607", 1, 278n],
  ["631210990516613631", 1, 278n],
  ["631210990516640767", 1, 556n],
  ["631210990516876799", 1, 139n],
  ["631210990516885503", 1, 139n],
  ["631210990516888063", 1, 139n],
  ["631210990516907007", 1, 208n],
  ["631210990516912639", 1, 208n],
  ["631210990516955647", 1, 417n],
  ["631210990516996607", 1, 139n],
  ["631210990517011455", 1, 139n],
  ["631210990517016575", 1, 139n],
  ["631210990517144063", 1, 833n],
  ["631210990517264895", 1, 833n],
];

const HERE = latLngToCell(53.55, 9.99, 12);
const someWithin = (rings: number) => gridDisk(HERE, rings);

describe("density scales", () => {
  test("are Helium's own for a town of 36 hotspots", () => {
    const population = TOWN.flatMap(([cell, hotspots]) => Array(hotspots).fill(cellFromDecimal(cell)));
    const expected = new Map(TOWN.map(([cell, , scale]) => [cellFromDecimal(cell), scale]));
    expect(densityScales(population)).toEqual(expected);
  });

  test("a hotspot alone counts in full, two in one place a half each, three a third, rounded", () => {
    expect(densityScales([HERE])).toEqual(new Map([[HERE, SCALE_UNIT]]));
    expect(densityScales([HERE, HERE]).get(HERE)).toBe(5000n);
    expect(densityScales([HERE, HERE, HERE]).get(HERE)).toBe(3333n);
  });

  test("count finer cells at resolution 11, and no coarser ones", () => {
    const [finer = ""] = cellToChildren(HERE, 13);
    expect(densityScales([finer, HERE]).get(HERE)).toBe(5000n);
    const coarser = cellToParent(HERE, 10);
    expect(densityScales([coarser, HERE])).toEqual(new Map([[HERE, SCALE_UNIT]]));
  });

  test("do not depend on the order of the population, and lie between 0 and 1", () => {
    const cells = fc.array(fc.constantFrom(...someWithin(12)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        cells.chain((population) =>
          fc.tuple(
            fc.constant(population),
            fc.shuffledSubarray(population, { minLength: population.length, maxLength: population.length }),
          ),
        ),
        ([population, shuffled]) => {
          const scales = densityScales(population);
          expect(densityScales(shuffled)).toEqual(scales);
          expect(scales.size).toBe(new Set(population).size);
          for (const scale of scales.values()) {
            expect(scale > 0n && scale <= SCALE_UNIT).toBe(true);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test("fall when a neighbour moves into the same cell", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...someWithin(8)), { minLength: 1, maxLength: 30 }), (others) => {
        const before = densityScales([HERE, ...others]).get(HERE) as bigint;
        expect((densityScales([HERE, HERE, ...others]).get(HERE) as bigint) < before).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
