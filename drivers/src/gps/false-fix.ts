import type { GpsReading, RejectedFix } from "./reading.ts";
import { defined } from "./satellites.ts";

/** 11 m around latitude 0, longitude 0: what programs say that have no position, in the Gulf of Guinea. */
const ZERO_DEG = 1e-4;

/** Whether a position is the one that stands for none, of whatever tells positions. */
export const isZeroPosition = (latDeg: number, lonDeg: number): boolean =>
  Math.abs(latDeg) < ZERO_DEG && Math.abs(lonDeg) < ZERO_DEG;

/** What only a fix can tell. */
const OF_A_FIX: readonly (keyof GpsReading)[] = [
  ...(["latDeg", "lonDeg", "altMslM", "altHaeM", "timeOnly"] as const),
  ...(["horizontalErrorM", "verticalErrorM", "positionErrorM"] as const),
  ...(["groundSpeedMps", "climbMps", "speedMps", "speedErrorMps"] as const),
];

/**
 * The reading without a fix that cannot be one: at 0, 0, or of no satellites. What was told stays as `rejectedFix`. A
 * position that was surveyed before needs no satellites.
 */
export function withoutFalseFix(reading: GpsReading): GpsReading {
  const because = falseBecause(reading);
  if (because === undefined) return reading;
  const nothing = Object.fromEntries(OF_A_FIX.map((name) => [name, undefined]));
  return defined<GpsReading>({ ...reading, ...nothing, mode: 1, rejectedFix: rejected(reading, because) });
}

function falseBecause(reading: GpsReading): RejectedFix["because"] | undefined {
  const { mode, latDeg, lonDeg, satellitesUsed, timeOnly } = reading;
  if (mode < 2) return undefined;
  if (latDeg !== undefined && lonDeg !== undefined && isZeroPosition(latDeg, lonDeg)) return "at-zero";
  return satellitesUsed === 0 && timeOnly !== true ? "no-satellites" : undefined;
}

function rejected(reading: GpsReading, because: RejectedFix["because"]): RejectedFix | undefined {
  const { mode, latDeg, lonDeg, altMslM, altHaeM, horizontalErrorM } = reading;
  if ((mode !== 2 && mode !== 3) || latDeg === undefined || lonDeg === undefined) return undefined;
  return defined<RejectedFix>({ because, mode, latDeg, lonDeg, altMslM, altHaeM, horizontalErrorM });
}
