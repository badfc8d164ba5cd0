import { cellToParent, getResolution, gridDisk } from "h3-js";
import { divideHalfEven } from "../math/decimal.ts";

/*
 * HIP 17 with the parameters of HIP 104: the more hotspots share a place, the less each beacon there is worth. Counts
 * are summed up from resolution 11; at each coarser resolution a cell's count is limited by how many of its neighbours
 * are occupied.
 */

/** Scales are counted in steps of 1e-4. */
export const SCALE_UNIT = 10_000n;
/** Of a cell where no beacon was heard lately. */
export const DEFAULT_SCALE = 2000n;

const COUNT_RESOLUTION = 11;

/** Finest first; `neighbours` occupied cells are needed before more than the target is allowed. */
const CLIPPING = [
  { resolution: 10, neighbours: 2, target: 1, max: 1 },
  { resolution: 9, neighbours: 2, target: 1, max: 1 },
  { resolution: 8, neighbours: 2, target: 1, max: 1 },
  { resolution: 7, neighbours: 4, target: 5, max: 10 },
  { resolution: 6, neighbours: 4, target: 25, max: 50 },
  { resolution: 5, neighbours: 4, target: 100, max: 200 },
  { resolution: 4, neighbours: 2, target: 500, max: 1000 },
] as const;

type Clipping = (typeof CLIPPING)[number];

/** Share of a cell's hotspots that is counted on. */
interface Ratio {
  clipped: number;
  unclipped: number;
}

/**
 * The scale, in units of 1e-4, of each cell in a population, rounded half to even. Each cell stands for one hotspot as
 * often as it is named; their order does not matter, and cells coarser than resolution 11 do not count.
 */
export function densityScales(population: Iterable<string>): Map<string, bigint> {
  const cells = [...population].filter((cell) => getResolution(cell) >= COUNT_RESOLUTION);
  const ratios = clippedRatios(countBy(cells, (cell) => [cellToParent(cell, COUNT_RESOLUTION), 1]));
  return new Map([...new Set(cells)].map((cell) => [cell, scaleOf(cell, ratios)]));
}

/** By cell of resolutions 10 to 4. Resolution 11 and finer are never clipped. */
function clippedRatios(counts: ReadonlyMap<string, number>): Map<string, Ratio> {
  const ratios = new Map<string, Ratio>();
  let children: ReadonlyMap<string, number> = counts;
  for (const clipping of CLIPPING) {
    const unclipped = countBy(children, ([cell, count]) => [cellToParent(cell, clipping.resolution), count]);
    const clipped = new Map<string, number>();
    for (const [cell, count] of unclipped) {
      const limited = Math.min(count, limit(occupied(cell, unclipped, clipping), clipping));
      clipped.set(cell, limited);
      ratios.set(cell, { clipped: limited, unclipped: count });
    }
    children = clipped;
  }
  return ratios;
}

/**
 * Cells with at least the target among this one and its neighbours. Helium looked at counts of which some were already
 * clipped; as no limit is below the target, that made no difference, and the order of cells makes none.
 */
const occupied = (cell: string, counts: ReadonlyMap<string, number>, { target }: Clipping): number =>
  gridDisk(cell, 1).filter((near) => (counts.get(near) ?? 0) >= target).length;

const limit = (occupied: number, { neighbours, target, max }: Clipping): number =>
  Math.min(max, target * (Math.max(occupied - neighbours, 0) + 1));

function scaleOf(cell: string, ratios: ReadonlyMap<string, Ratio>): bigint {
  let numerator = SCALE_UNIT;
  let denominator = 1n;
  for (const { resolution } of CLIPPING) {
    const ratio = ratios.get(cellToParent(cell, resolution));
    if (ratio === undefined) continue;
    numerator *= BigInt(ratio.clipped);
    denominator *= BigInt(ratio.unclipped);
  }
  return divideHalfEven(numerator, denominator);
}

function countBy<T>(
  items: Iterable<T>,
  entry: (item: T) => [cell: string, count: number],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) {
    const [cell, count] = entry(item);
    counts.set(cell, count + (counts.get(cell) ?? 0));
  }
  return counts;
}
