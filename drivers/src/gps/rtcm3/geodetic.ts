/** Earth-centred, earth-fixed coordinates, metres. */
export interface Ecef {
  xM: number;
  yM: number;
  zM: number;
}

/** WGS 84: degrees, and metres above the ellipsoid. */
export interface Geodetic {
  latDeg: number;
  lonDeg: number;
  altHaeM: number;
}

const SEMI_MAJOR_M = 6_378_137;
const FLATTENING = 1 / 298.257223563;
const SEMI_MINOR_M = SEMI_MAJOR_M * (1 - FLATTENING);
const E2 = FLATTENING * (2 - FLATTENING);
const SECOND_E2 = E2 / (1 - E2);
const DEG = 180 / Math.PI;

/**
 * WGS 84 position of a point. Bowring's formula, applied twice: below a nanodegree and a micrometre from the exact
 * answer anywhere within 100 km of the ground. The poles have longitude 0.
 */
export function geodeticOf({ xM, yM, zM }: Ecef): Geodetic {
  const axisM = Math.hypot(xM, yM);
  let reduced = Math.atan2(zM * SEMI_MAJOR_M, axisM * SEMI_MINOR_M);
  let lat = 0;
  for (let round = 0; round < 2; round += 1) {
    lat = Math.atan2(
      zM + SECOND_E2 * SEMI_MINOR_M * Math.sin(reduced) ** 3,
      axisM - E2 * SEMI_MAJOR_M * Math.cos(reduced) ** 3,
    );
    reduced = Math.atan2(SEMI_MINOR_M * Math.sin(lat), SEMI_MAJOR_M * Math.cos(lat));
  }
  return { latDeg: lat * DEG, lonDeg: Math.atan2(yM, xM) * DEG, altHaeM: heightM(axisM, zM, lat) };
}

/** A form without a division by the cosine, good at the poles too. */
function heightM(axisM: number, zM: number, lat: number): number {
  const [sin, cos] = [Math.sin(lat), Math.cos(lat)];
  return axisM * cos + zM * sin - SEMI_MAJOR_M * Math.sqrt(1 - E2 * sin * sin);
}

/** Straight-line distance, metres. */
export function distanceM(one: Ecef, other: Ecef): number {
  return Math.hypot(one.xM - other.xM, one.yM - other.yM, one.zM - other.zM);
}
