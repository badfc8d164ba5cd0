import { gpsMsToUnixMs, unixMsToGpsMs } from "../../lora/gps-time.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** BeiDou time began in 2006 and leaves out the 14 leap seconds that GPS time had by then. */
const GPS_MINUS_BEIDOU_MS = 14_000;
/** GLONASS counts Moscow time: UTC and three hours, leap seconds included. */
const GLONASS_MINUS_UTC_MS = 3 * 3_600_000;
/** A day with a leap second is one second longer. */
const GLONASS_DAY_MS = DAY_MS + 1000;
const UNKNOWN_DAY = 7;

/** The 30 bits of time in an MSM: ms of the week or, for GLONASS, a day (0 Sunday, undefined unknown) and its ms. */
export type MsmTime =
  | { scale: "gps-week" | "beidou-week"; weekMs: number }
  | { scale: "glonass-day"; day?: number; dayMs: number };

/** Undefined for a time that no week or day has. */
export function msmTime(scale: MsmTime["scale"], bits30: number): MsmTime | undefined {
  if (scale !== "glonass-day") return bits30 < WEEK_MS ? { scale, weekMs: bits30 } : undefined;
  const day = Math.floor(bits30 / 2 ** 27);
  const dayMs = bits30 % 2 ** 27;
  if (dayMs >= GLONASS_DAY_MS) return undefined;
  return day === UNKNOWN_DAY ? { scale, dayMs } : { scale, day, dayMs };
}

/**
 * UTC, ms since the Unix epoch, in the week nearest to `nearUnixMs`: no MSM reports its week. A GLONASS time without a
 * day is put into the nearest day. With `nearUnixMs` off by more than half a week (half a day), it is whole ones off.
 */
export function msmUnixMs(time: MsmTime, nearUnixMs: number): number {
  if (time.scale === "glonass-day") return glonassUnixMs(time, nearUnixMs);
  const gpsWeekMs = time.weekMs + (time.scale === "beidou-week" ? GPS_MINUS_BEIDOU_MS : 0);
  return gpsMsToUnixMs(nearest(gpsWeekMs, WEEK_MS, unixMsToGpsMs(nearUnixMs)));
}

function glonassUnixMs({ day, dayMs }: { day?: number; dayMs: number }, nearUnixMs: number): number {
  const nearMs = nearUnixMs + GLONASS_MINUS_UTC_MS;
  if (day === undefined) return nearest(dayMs, DAY_MS, nearMs) - GLONASS_MINUS_UTC_MS;
  // The Unix epoch was a Thursday.
  const sinceThursdayMs = ((day + 3) % 7) * DAY_MS + dayMs;
  return nearest(sinceThursdayMs, WEEK_MS, nearMs) - GLONASS_MINUS_UTC_MS;
}

/** The number nearest to `near` that leaves `phase` when divided by `period`. */
function nearest(phase: number, period: number, near: number): number {
  return phase + Math.round((near - phase) / period) * period;
}
