import { omitUndefined } from "@earshot/protocol/runtime";
import { correctRollover, type ReceiverTime } from "../gps/receiver-calendar.ts";
import type { HeardFrame } from "./lora-reading.ts";

/** 1980-01-06T00:00:00Z, ms since the Unix epoch. */
const GPS_EPOCH_MS = Date.UTC(1980, 0, 6);

/**
 * GPS time runs ahead of UTC by the leap seconds since 1980: 18 since 2017-01-01 (IERS Bulletin C). No further
 * one is announced; change this number when one is.
 */
export const GPS_MINUS_UTC_S = 18;

/** `tmms` (ms since the GPS epoch, no leap seconds) as ms since the Unix epoch, UTC. */
export function gpsMsToUnixMs(gpsMs: number): number {
  return gpsMs + GPS_EPOCH_MS - GPS_MINUS_UTC_S * 1000;
}

export function unixMsToGpsMs(unixMs: number): number {
  return unixMs - GPS_EPOCH_MS + GPS_MINUS_UTC_S * 1000;
}

/** No Earshot hotspot heard anything before 2020, and receivers that lost their week report 1980, 1999 or 2080. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);
const LATEST_MS = Date.UTC(2070, 0, 1);

/** Forwarders without PPS print `time` hours off; one that is a day from the host's own clock is ignored. */
const MAX_DRIFT_MS = 24 * 3_600_000;

const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?\s*(?:Z|UTC|GMT|([+-])(\d\d):?(\d\d))?$/i;

/** ISO 8601 with or without fraction and offset, or the "2014-01-12 08:59:28 GMT" of `stat`; ms since the Unix epoch. */
export function parseTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction = "0",
    sign,
    offsetHour = "0",
    offsetMinute = "0",
  ] = match;
  const local = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Math.floor(Number(fraction) * 1000),
  );
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000;
  return sign === "-" ? local + offsetMs : local - offsetMs;
}

/**
 * UTC of a reception, ms since the Unix epoch: from `tmms` where it is sane, else from `time` where that is. Whole
 * rollovers of the GPS week are corrected in either, as of a GPS receiver's own time.
 * `time` comes second because a receiver that speaks NMEA 4.1 leaves it decades off beside a right `tmms`
 * (sx1302_hal issue 90).
 */
export function receptionTime(
  tmms: number | undefined,
  time: string | undefined,
  hostMs: number,
): Pick<HeardFrame, "gpsTimeMs" | "gpsWeekRollovers"> {
  if (tmms !== undefined) {
    const fromGps = correctRollover(gpsMsToUnixMs(tmms), hostMs);
    if (isSane(fromGps)) return reported(fromGps);
  }
  const text = time === undefined ? undefined : parseTimestamp(time);
  const fromText = text === undefined ? undefined : correctRollover(text, hostMs);
  if (fromText === undefined || Math.abs(fromText.timeMs - hostMs) > MAX_DRIFT_MS) return {};
  return isSane(fromText) ? reported(fromText) : {};
}

const isSane = ({ timeMs }: ReceiverTime): boolean => timeMs >= EARLIEST_MS && timeMs < LATEST_MS;

const reported = ({
  timeMs,
  weekRollovers,
}: ReceiverTime): Pick<HeardFrame, "gpsTimeMs" | "gpsWeekRollovers"> =>
  omitUndefined({ gpsTimeMs: timeMs, gpsWeekRollovers: weekRollovers });
