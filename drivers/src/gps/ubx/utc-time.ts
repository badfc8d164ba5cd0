import type { Payload } from "./payload.ts";

/** UTC as a receiver reports it, apart, so that a week rollover can be corrected in the day. */
export interface ReceiverUtc {
  /** Midnight, ms since the Unix epoch. */
  dayMs: number;
  /** Whole ms since that midnight; a receiver rounds its seconds, so slightly below zero occurs. */
  timeOfDayMs: number;
}

/**
 * Year (U2), month, day, hour, minute and second (U1) from `at`, and the fraction in nanoseconds at `nanoAt`.
 * Undefined when a field is out of its range. 60 is a leap second.
 */
export function readUtc(p: Payload, at: number, nanoAt: number): ReceiverUtc | undefined {
  const [year, month, day] = [p.u2(at), p.u1(at + 2), p.u1(at + 3)];
  const [hour, minute, second] = [p.u1(at + 4), p.u1(at + 5), p.u1(at + 6)];
  const isDate = year >= 1980 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (!isDate || hour > 23 || minute > 59 || second > 60) return undefined;
  const seconds = hour * 3600 + minute * 60 + second;
  return {
    dayMs: Date.UTC(year, month - 1, day),
    timeOfDayMs: Math.round(seconds * 1000 + p.i4(nanoAt) / 1e6),
  };
}

const GPS_EPOCH_MS = Date.UTC(1980, 0, 6);
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** UTC of a GPS week and a time within it, less the leap seconds. */
export function utcOfGpsTime(week: number, towMs: number, leapSeconds: number): ReceiverUtc {
  const sinceEpochMs = week * WEEK_MS + towMs - leapSeconds * 1000;
  const timeOfDayMs = Math.round(sinceEpochMs % DAY_MS);
  return { dayMs: GPS_EPOCH_MS + Math.floor(sinceEpochMs / DAY_MS) * DAY_MS, timeOfDayMs };
}
