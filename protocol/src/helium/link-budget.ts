import { cellToLatLng, cellToParent, getResolution, greatCircleDistance, gridDistance, UNITS } from "h3-js";

/** Resolution at which the least distance was counted: cells about 50 m from centre to centre. */
const GRID_RESOLUTION = 11;
const MIN_GRID_CELLS = 8;
const MAX_DISTANCE_KM = 100;

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

/** Helium's speed of light, m/s. */
const SPEED_OF_LIGHT_M_PER_S = 2.998e8;

/** 20·log10(4πdf/c) dB. */
const heliumFreeSpaceLossDb = (freqHz: number, distanceM: number): number =>
  20 * Math.log10((4 * Math.PI * distanceM * freqHz) / SPEED_OF_LIGHT_M_PER_S);

interface Link {
  /** As the beaconer reported it: hole 2 of the reference (section 2.5), since nothing bounds it. */
  txPowerDbm: number;
  beaconerGainDdbi: number;
  witnessGainDdbi: number;
  /** As the witness reports it. */
  freqHz: number;
  /** Whole metres. */
  distanceM: number;
}

/**
 * The strongest signal that free space allows, dBm, with gains cut to whole dBi.
 *
 * The last bit depends on the engine's logarithm. A verdict compares it with whole tenths of a dBm, and would differ
 * only where the bound lies within 1e-13 dB of a tenth.
 */
export function freeSpaceBoundDbm(link: Link): number {
  const beaconerGainDb = Math.trunc(link.beaconerGainDdbi / 10);
  const witnessGainDb = Math.trunc(link.witnessGainDdbi / 10);
  const lossDb = heliumFreeSpaceLossDb(link.freqHz, link.distanceM);
  return link.txPowerDbm + beaconerGainDb - lossDb + witnessGainDb;
}

/** There is an upper bound only: a signal may be as weak as it likes. */
export const isRssiTooStrong = (signalDdbm: number, boundDbm: number): boolean => signalDdbm / 10 > boundDbm;
