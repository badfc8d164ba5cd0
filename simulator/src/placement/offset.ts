import { EARTH_RADIUS_M, MAX_LON_E7, type Position } from "@earshot/protocol";

const RADIANS_PER_E7 = Math.PI / MAX_LON_E7;

/** The position that is some metres north and east of another; exact enough within a city. */
export function offset(from: Position, northM: number, eastM: number): Position {
  const perMetre = 1 / (EARTH_RADIUS_M * RADIANS_PER_E7);
  const latE7 = Math.round(from.latE7 + northM * perMetre);
  const lonE7 = Math.round(from.lonE7 + (eastM * perMetre) / Math.cos(from.latE7 * RADIANS_PER_E7));
  return { latE7, lonE7 };
}

/** The position at a distance and direction from another, clockwise from north. */
export const towards = (from: Position, metres: number, directionRad: number): Position =>
  offset(from, metres * Math.cos(directionRad), metres * Math.sin(directionRad));
