import { omitUndefined } from "@earshot/protocol/runtime";
import type { FixMode, GpsReading, Satellite } from "./gps-reading.ts";
import { correctRollover } from "./receiver-calendar.ts";
import { satelliteId } from "./satellite-ids.ts";
import { mergeSignals } from "./satellites.ts";

/** One JSON object of gpsd (gpsd_json(5)). */
export type GpsdObject = Readonly<Record<string, unknown>>;

/** The JSON object in a line, or undefined. */
export function parseGpsdLine(line: string): GpsdObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) && typeof value.class === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** TPV `status`: 5 dead reckoning, 8 simulated. No satellite gave these positions. */
const NOT_A_FIX_STATUSES = [5, 8];

/** TPV `status`: the position was surveyed before or typed in, only the time is solved for. */
const TIME_ONLY_STATUS = 7;

/**
 * What a TPV reports of its epoch. gpsd leaves out what it does not know (3.22 much more than 3.27), and so does this. gpsd
 * corrects some week rollovers itself, and has been seen to introduce some.
 *
 * @param hostMs to know a date that is whole rollovers away
 */
export function fromTpv(tpv: GpsdObject, hostMs: number): Pick<GpsReading, "mode"> & Partial<GpsReading> {
  const mode = modeOf(tpv);
  const timeMs = typeof tpv.time === "string" ? Date.parse(tpv.time) : Number.NaN;
  const latDeg = numberIn(tpv.lat, -90, 90);
  const lonDeg = numberIn(tpv.lon, -180, 180);
  const hasPosition = mode >= 2 && latDeg !== undefined && lonDeg !== undefined;
  return omitUndefined({
    mode,
    ...(Number.isFinite(timeMs) ? correctRollover(timeMs, hostMs) : {}),
    ...(hasPosition ? { latDeg, lonDeg, ...errors(tpv), ...(mode === 3 ? altitude(tpv) : {}) } : {}),
    ...(mode >= 2 ? velocity(tpv) : {}),
    timeOnly: mode >= 2 && tpv.status === TIME_ONLY_STATUS ? true : undefined,
    timeErrorNs: scaled(numberIn(tpv.ept, 0, 1e6), 1e9),
    clockBiasNs: numberIn(tpv.clockbias, -1e12, 1e12),
    clockDriftNsPerS: numberIn(tpv.clockdrift, -1e9, 1e9),
  });
}

/**
 * What a TPV reports of the receiver itself: `ant` 1 in order, 2 short, 3 open; `antPwr` 1 off, 2 on; `jam` 0 to 255 as
 * u-blox reports it. Of gpsd 3.23 and later; these may come in a TPV of mode 0 with nothing else.
 */
export function stateFromTpv(tpv: GpsdObject): Partial<GpsReading> {
  return omitUndefined({
    antenna: typeof tpv.ant === "number" ? ANTENNA_STATES[tpv.ant] : undefined,
    antennaPower: typeof tpv.antPwr === "number" ? ANTENNA_POWERS[tpv.antPwr] : undefined,
    jammingIndicator: numberIn(tpv.jam, 0, 255),
    leapSeconds: numberIn(tpv.leapseconds, -128, 127),
  });
}

/**
 * What PPS and TOFF report: GNSS time (`real`) and the host's clock (`clock`) at the pulse, or at the first byte of the
 * message that reported the time; `qErr` is the pulse's own error, ps.
 */
export function fromTimeReport(report: GpsdObject): Partial<GpsReading> {
  const [clockS, realS] = [numberIn(report.clock_sec, 0, 1e10), numberIn(report.real_sec, 0, 1e10)];
  if (clockS === undefined || realS === undefined) return {};
  const seconds = clockS - correctRollover(realS * 1000, clockS * 1000).timeMs / 1000;
  const nanoseconds = difference(report.clock_nsec, report.real_nsec, 1e9);
  if (nanoseconds === undefined) return {};
  const isPulse = report.class === "PPS";
  return omitUndefined<Partial<GpsReading>>({
    hostClockOffsetNs: seconds * 1e9 + nanoseconds,
    hostClockOffsetBy: isPulse ? "pulse" : "message",
    timePulseErrorPs: isPulse ? numberIn(report.qErr, -1e9, 1e9) : undefined,
  });
}

/** What a SKY reports about dilution; `satellites` only when it lists them. */
export function fromSky(sky: GpsdObject): Partial<GpsReading> {
  const list = Array.isArray(sky.satellites) ? sky.satellites.filter(isObject) : undefined;
  return omitUndefined({
    hdop: dop(sky.hdop),
    vdop: dop(sky.vdop),
    pdop: dop(sky.pdop),
    satellitesUsed: numberIn(sky.uSat, 0, 999) ?? list?.filter(({ used }) => used === true).length,
    satellites: list === undefined ? undefined : mergeSignals(list.flatMap(satelliteOf)),
  });
}

export function modeOf({ mode, status }: GpsdObject): FixMode {
  if (NOT_A_FIX_STATUSES.some((one) => one === status)) return 1;
  return mode === 1 || mode === 2 || mode === 3 ? mode : 0;
}

/** gpsd before 3.20 uses `alt` for the height above sea level. */
function altitude(tpv: GpsdObject): Partial<GpsReading> {
  return {
    altMslM: numberIn(tpv.altMSL ?? tpv.alt, -10_000, 100_000),
    altHaeM: numberIn(tpv.altHAE, -10_000, 100_000),
  };
}

/** gpsd 3.20 and later have `eph`; older ones only the two parts. Its manual calls the certainty unknown. */
function errors(tpv: GpsdObject): Partial<GpsReading> {
  const [east, north] = [numberIn(tpv.epx, 0, 1e7), numberIn(tpv.epy, 0, 1e7)];
  const both = east === undefined || north === undefined ? undefined : Math.hypot(east, north);
  return {
    horizontalErrorM: numberIn(tpv.eph, 0, 1e7) ?? both,
    verticalErrorM: numberIn(tpv.epv, 0, 1e7),
    positionErrorM: numberIn(tpv.ecefpAcc, 0, 1e7) ?? numberIn(tpv.sep, 0, 1e7),
  };
}

/** `eps` is left out: gpsd computes it from the positions, and reports 22 m/s for a receiver that stands still. */
function velocity(tpv: GpsdObject): Partial<GpsReading> {
  return {
    groundSpeedMps: numberIn(tpv.speed, 0, 1e5),
    climbMps: numberIn(tpv.climb, -1e5, 1e5),
    speedErrorMps: numberIn(tpv.ecefvAcc, 0, 1e5),
  };
}

/** By the numbers that gpsd gives them. */
const ANTENNA_STATES: readonly GpsReading["antenna"][] = [undefined, "ok", "short", "open"];
const ANTENNA_POWERS: readonly GpsReading["antennaPower"][] = [undefined, "off", "on"];

function difference(first: unknown, second: unknown, limit: number): number | undefined {
  const [a, b] = [numberIn(first, -limit, limit), numberIn(second, -limit, limit)];
  return a === undefined || b === undefined ? undefined : a - b;
}

const scaled = (value: number | undefined, factor: number): number | undefined =>
  value === undefined ? undefined : value * factor;

/** gpsd's constellation numbers in `gnssid`; 4 is IMES, an indoor beacon. */
const SYSTEM_OF_GNSSID: readonly Satellite["system"][] = ["G", "S", "E", "C", "?", "J", "R", "I"];

function satelliteOf(entry: GpsdObject): Satellite[] {
  const identity = identityOf(entry);
  if (identity === undefined) return [];
  const cn0DbHz = numberIn(entry.ss, 0, 99);
  const satellite: Satellite = {
    ...identity,
    elevationDeg: numberIn(entry.el, -90, 90),
    azimuthDeg: numberIn(entry.az, 0, 360),
    cn0DbHz: cn0DbHz === 0 ? undefined : cn0DbHz,
    used: typeof entry.used === "boolean" ? entry.used : undefined,
  };
  return [omitUndefined(satellite)];
}

/** gpsd before 3.18 gives only `PRN`, in the numbering of NMEA. */
function identityOf(entry: GpsdObject): Pick<Satellite, "system" | "id"> | undefined {
  const gnssId = numberIn(entry.gnssid, 0, 7);
  const id = numberIn(entry.svid, 1, 999);
  if (gnssId !== undefined && id !== undefined) return { system: SYSTEM_OF_GNSSID[gnssId] ?? "?", id };
  const prn = numberIn(entry.PRN, 1, 999);
  return prn === undefined ? undefined : satelliteId(undefined, prn);
}

function dop(value: unknown): number | undefined {
  const number = numberIn(value, 0, 99);
  return number === 0 || number === 99 ? undefined : number;
}

function numberIn(value: unknown, min: number, max: number): number | undefined {
  return typeof value === "number" && value >= min && value <= max ? value : undefined;
}

function isObject(value: unknown): value is GpsdObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
