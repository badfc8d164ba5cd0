import { atan2, cos, sin } from "./portable-math.ts";

/**
 * A place on the WGS 84 ellipsoid, in units of 1e-7 degree (about 1.1 cm), the unit of u-blox receivers.
 * Integers, so that a position reads the same after any number of encodings.
 */
export interface Position {
  /** −900 000 000 (south pole) … 900 000 000 (north pole). */
  latE7: number;
  /** −1 800 000 000 … 1 800 000 000, east positive; both ends are the antimeridian. */
  lonE7: number;
}

/** Mean radius R1 of the WGS 84 ellipsoid, (2a + b) / 3, in metres (IUGG; Moritz, Geodetic Reference System 1980). */
export const EARTH_RADIUS_M = 6_371_008.8;

export const MAX_LAT_E7 = 900_000_000;
export const MAX_LON_E7 = 1_800_000_000;

const RADIANS_PER_E7 = Math.PI / MAX_LON_E7;

/** Whether both coordinates are integers within their ranges. */
export function isPosition({ latE7, lonE7 }: Position): boolean {
  return isWithin(latE7, MAX_LAT_E7) && isWithin(lonE7, MAX_LON_E7);
}

/**
 * Distance over the ground between two places, in whole metres: haversine on the mean sphere, within 0.6 % of the
 * ellipsoidal distance. The same on every engine, to the last bit before the rounding.
 * @throws {RangeError} if a coordinate is not an integer or is out of range.
 */
export function distanceM(a: Position, b: Position): number {
  checkPosition(a);
  checkPosition(b);
  const latA = a.latE7 * RADIANS_PER_E7;
  const latB = b.latE7 * RADIANS_PER_E7;
  // Differences of integers are exact, so that swapping the positions changes only a sign.
  const sinHalfLat = sin(((b.latE7 - a.latE7) * RADIANS_PER_E7) / 2);
  const sinHalfLon = sin(((b.lonE7 - a.lonE7) * RADIANS_PER_E7) / 2);
  const haversine = sinHalfLat * sinHalfLat + cos(latA) * cos(latB) * sinHalfLon * sinHalfLon;
  // Rounding can carry the haversine of antipodes past 1.
  const within = Math.min(1, haversine);
  return Math.round(2 * EARTH_RADIUS_M * atan2(Math.sqrt(within), Math.sqrt(1 - within)));
}

function isWithin(value: number, limit: number): boolean {
  return Number.isSafeInteger(value) && Math.abs(value) <= limit;
}

function checkPosition(position: Position): void {
  if (isPosition(position)) return;
  const { latE7, lonE7 } = position;
  throw new RangeError(
    `Position (${latE7}, ${lonE7}) must be integers within ±${MAX_LAT_E7} and ±${MAX_LON_E7} (1e-7 degrees)`,
  );
}
