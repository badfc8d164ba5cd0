import { distanceM, MAX_LAT_E7, type Position } from "@earshot/protocol/hotspot";

/** Consumer receivers are off by some metres, asserted positions by some more. */
const MAX_OFF_M = 100;
/** The receiver's own error estimate widens the limit, up to this. */
const MAX_ERROR_M = 500;
/** A mistake of signs or order is assumed when correcting it brings the position so near. */
const EXPLAINED_M = 5000;

/** The receiver's position compared with the asserted one. */
interface PositionComparison {
  offM: number;
  /** What is wrong and what to do; absent where they agree. */
  doubt?: { text: string; advice: string };
}

interface Fix {
  latDeg?: number | undefined;
  lonDeg?: number | undefined;
  horizontalErrorM?: number | undefined;
}

/** `undefined` for a reading without a position. */
export function comparePosition(asserted: Position, fix: Fix): PositionComparison | undefined {
  const { latDeg, lonDeg, horizontalErrorM = 0 } = fix;
  if (latDeg === undefined || lonDeg === undefined) return undefined;
  const here = { latE7: Math.round(latDeg * 1e7), lonE7: Math.round(lonDeg * 1e7) };
  const offM = distanceM(asserted, here);
  if (offM <= MAX_OFF_M + 3 * Math.min(horizontalErrorM, MAX_ERROR_M)) return { offM };
  const mistake = MISTAKES.find(([, correct]) => isNear(correct(asserted), here, offM))?.[0];
  const text = `GPS is ${distanceText(offM)} from the position in [hotspot]${mistake === undefined ? "" : `: ${mistake}`}`;
  const place = `${latDeg.toFixed(6)}, ${lonDeg.toFixed(6)}`;
  const advice =
    mistake === undefined
      ? `The receiver says ${place}: check latitude and longitude in [hotspot], and that this is the place.`
      : `The receiver says ${place}: set latitude and longitude in [hotspot] so.`;
  return { offM, doubt: { text, advice } };
}

const negative = ({ latE7, lonE7 }: Position, lat: 1 | -1, lon: 1 | -1): Position => ({
  latE7: lat * latE7,
  lonE7: lon * lonE7,
});
const exchanged = ({ latE7, lonE7 }: Position): Position => ({ latE7: lonE7, lonE7: latE7 });

/** Common mistakes in a position, and what corrects them; the smaller ones first. */
const MISTAKES: readonly [string, (position: Position) => Position][] = [
  ["its latitude is of the other hemisphere (the sign)", (one) => negative(one, -1, 1)],
  ["its longitude is of the other hemisphere (the sign)", (one) => negative(one, 1, -1)],
  ["its latitude and longitude are of the other hemispheres (the signs)", (one) => negative(one, -1, -1)],
  ["its latitude and longitude are exchanged", exchanged],
  ["its latitude and longitude are exchanged, and a sign is wrong", (one) => negative(exchanged(one), -1, 1)],
  ["its latitude and longitude are exchanged, and a sign is wrong", (one) => negative(exchanged(one), 1, -1)],
  [
    "its latitude and longitude are exchanged, and the signs are wrong",
    (one) => negative(exchanged(one), -1, -1),
  ],
];

const isNear = (corrected: Position, here: Position, offM: number): boolean => {
  if (Math.abs(corrected.latE7) > MAX_LAT_E7) return false;
  return distanceM(corrected, here) <= Math.min(EXPLAINED_M, offM / 10);
};

export const distanceText = (metres: number): string =>
  metres < 10_000 ? `${Math.round(metres)} m` : `${Math.round(metres / 1000)} km`;
