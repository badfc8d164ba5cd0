import { cellToLatLng, cellToParent, getResolution, greatCircleDistance, gridDistance, UNITS } from "h3-js";

/** Resolution at which the least distance was counted: cells about 50 m from centre to centre. */
const GRID_RESOLUTION = 11;
export const MIN_GRID_CELLS = 8;
export const MAX_DISTANCE_KM = 100;

/** An H3 index as Helium wrote it, a decimal 64-bit number, in the hexadecimal text of h3-js. */
export const cellFromDecimal = (decimal: string | bigint): string => BigInt(decimal).toString(16);

/** Between the centres of two cells, whole metres: haversine on H3's sphere of radius 6371.007180918475 km. */
export const cellDistanceM = (a: string, b: string): number =>
  Math.round(greatCircleDistance(cellToLatLng(a), cellToLatLng(b), UNITS.m));

/** Steps between the resolution 11 parents; `undefined` where H3 cannot count them (coarser cells, too far, a pentagon between). */
export function gridCells(a: string, b: string): number | undefined {
  if (getResolution(a) < GRID_RESOLUTION || getResolution(b) < GRID_RESOLUTION) return undefined;
  try {
    return gridDistance(cellToParent(a, GRID_RESOLUTION), cellToParent(b, GRID_RESOLUTION));
  } catch {
    return undefined;
  }
}

/** Fewer than eight cells apart, or not countable. */
export const isBelowMinDistance = (cells: number | undefined): boolean =>
  cells === undefined || cells < MIN_GRID_CELLS;

/** Hole 11 of the reference (section 2.5): metres are divided as integers, so that up to 100,999 m pass. */
export const isMaxDistanceExceeded = (distanceM: number): boolean =>
  Math.trunc(distanceM / 1000) > MAX_DISTANCE_KM;
