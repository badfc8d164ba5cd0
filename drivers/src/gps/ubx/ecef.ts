/** WGS 84 (NIMA TR8350.2): semi-major axis in metres, and first eccentricity squared. */
const A_M = 6_378_137;
const FLATTENING = 1 / 298.257223563;
const E2 = FLATTENING * (2 - FLATTENING);

export interface GeodeticPosition {
  latDeg: number;
  lonDeg: number;
  altHaeM: number;
}

/**
 * From Earth-centred, Earth-fixed metres. Undefined within 1000 km of the Earth's centre, where no receiver is and
 * the iteration would not settle. Four rounds settle far below a millimetre near the ground.
 */
export function geodeticOfEcef(x: number, y: number, z: number): GeodeticPosition | undefined {
  if (!(Math.hypot(x, y, z) > 1_000_000)) return undefined;
  const axisM = Math.hypot(x, y);
  let lat = Math.atan2(z, axisM * (1 - E2));
  for (let round = 0; round < 4; round += 1) {
    const sin = Math.sin(lat);
    lat = Math.atan2(z + E2 * primeVerticalM(sin) * sin, axisM);
  }
  const [sin, cos] = [Math.sin(lat), Math.cos(lat)];
  const altHaeM = axisM * cos + z * sin - A_M * Math.sqrt(1 - E2 * sin * sin);
  return { latDeg: degrees(lat), lonDeg: degrees(Math.atan2(y, x)), altHaeM };
}

const primeVerticalM = (sin: number): number => A_M / Math.sqrt(1 - E2 * sin * sin);
const degrees = (radians: number): number => (radians * 180) / Math.PI;
