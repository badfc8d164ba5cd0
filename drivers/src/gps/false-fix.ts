import { omitUndefined } from "@earshot/protocol/runtime";
import type { GpsReading } from "./gps-reading.ts";

/** 11 m around latitude 0, longitude 0: what programs without a position report, in the Gulf of Guinea. */
const ZERO_DEG = 1e-4;

/** Whether a position is the one that stands for none, from any source of positions. */
export const isZeroPosition = (latDeg: number, lonDeg: number): boolean =>
  Math.abs(latDeg) < ZERO_DEG && Math.abs(lonDeg) < ZERO_DEG;

/** Fields that only a fix can give. */
const OF_A_FIX: readonly (keyof GpsReading)[] = [
  ...(["latDeg", "lonDeg", "altMslM", "altHaeM", "timeOnly"] as const),
  ...(["horizontalErrorM", "verticalErrorM", "positionErrorM"] as const),
  ...(["groundSpeedMps", "climbMps", "speedMps", "speedErrorMps"] as const),
];

/** The reading without a fix that cannot be one. A position that was surveyed before needs no satellites. */
export function dropFalseFix(reading: GpsReading): GpsReading {
  const falseFix = falseFixIn(reading);
  if (falseFix === undefined) return reading;
  const nothing = Object.fromEntries(OF_A_FIX.map((name) => [name, undefined]));
  return omitUndefined<GpsReading>({ ...reading, ...nothing, mode: 1, falseFix });
}

function falseFixIn(reading: GpsReading): GpsReading["falseFix"] {
  const { mode, latDeg, lonDeg, satellitesUsed, timeOnly } = reading;
  if (mode < 2) return undefined;
  if (latDeg !== undefined && lonDeg !== undefined && isZeroPosition(latDeg, lonDeg)) return "at-zero";
  return satellitesUsed === 0 && timeOnly !== true ? "no-satellites" : undefined;
}
