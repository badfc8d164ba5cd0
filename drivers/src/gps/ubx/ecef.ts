import { type Geodetic, geodeticOf } from "../rtcm3/geodetic.ts";

/** Receivers without a position send zeros. */
const NEAREST_M = 1_000_000;

/** The place of Earth-centred, Earth-fixed coordinates in metres; undefined near the Earth's centre. */
export function geodeticOfEcef(xM: number, yM: number, zM: number): Geodetic | undefined {
  return Math.hypot(xM, yM, zM) > NEAREST_M ? geodeticOf({ xM, yM, zM }) : undefined;
}
