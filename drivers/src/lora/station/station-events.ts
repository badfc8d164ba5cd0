import { isZeroPosition } from "../../gps/false-fix.ts";
import { unixMsToGpsMs } from "../gps-time.ts";
import { bigintOf, type LosslessObject, numberOf, objectOf, textOf } from "./lossless-json.ts";

export interface StationPosition {
  latDeg: number;
  lonDeg: number;
  altM?: number;
}

/** The position in an `event`; null when there is none any more, `undefined` when it is about something else. */
export function readGpsEvent(message: LosslessObject): { position: StationPosition | null } | undefined {
  const event = textOf(message, "evcat") === "gps" ? objectOf(message, "evmsg") : undefined;
  if (event === undefined) return undefined;
  const type = textOf(event, "evtype");
  if (type === "nofix") return { position: null };
  const latDeg = numberOf(event, "lat", -90, 90);
  const lonDeg = numberOf(event, "lon", -180, 180);
  if ((type !== "fix" && type !== "move") || latDeg === undefined || lonDeg === undefined) return undefined;
  // Of no satellites, or at 0, 0: a fix by name only.
  if (isZeroPosition(latDeg, lonDeg) || numberOf(event, "satellites", 0, 0) === 0) return { position: null };
  const altM = numberOf(event, "alt", -1_000, 20_000);
  return { position: altM === undefined ? { latDeg, lonDeg } : { latDeg, lonDeg, altM } };
}

/**
 * The answer to a station's `timesync`, which labels its PPS with the second: `txtime` as it came, and GPS time, µs
 * since the GPS epoch. `undefined` when the message is no question.
 */
export function answerTimesync(message: LosslessObject, utcMs: number): string | undefined {
  const txtime = bigintOf(message, "txtime");
  if (txtime === undefined) return undefined;
  const gpsTimeUs = Math.round(unixMsToGpsMs(utcMs) * 1000);
  return `{"msgtype":"timesync","txtime":${txtime},"gpstime":${gpsTimeUs},"MuxTime":${utcMs / 1000}}`;
}
