import type { FixMode, GpsReading, Satellite } from "./reading.ts";
import { satelliteId } from "./satellite-ids.ts";
import { defined, mergeSignals } from "./satellites.ts";

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

/** What a TPV says: time, mode, position and errors. gpsd leaves out what it does not know, and so does this. */
export function fromTpv(tpv: GpsdObject): Pick<GpsReading, "mode"> & Partial<GpsReading> {
  const mode = modeOf(tpv);
  const timeMs = typeof tpv.time === "string" ? Date.parse(tpv.time) : Number.NaN;
  const latDeg = numberIn(tpv.lat, -90, 90);
  const lonDeg = numberIn(tpv.lon, -180, 180);
  const hasPosition = mode >= 2 && latDeg !== undefined && lonDeg !== undefined;
  return defined({
    mode,
    timeMs: Number.isFinite(timeMs) ? timeMs : undefined,
    ...(hasPosition ? { latDeg, lonDeg, ...errors(tpv), ...(mode === 3 ? altitude(tpv) : {}) } : {}),
    antenna: antennaOf(tpv.ant),
  });
}

/** What a SKY says about dilution; `satellites` only when it lists them. */
export function fromSky(sky: GpsdObject): Partial<GpsReading> {
  const list = Array.isArray(sky.satellites) ? sky.satellites.filter(isObject) : undefined;
  return defined({
    hdop: dop(sky.hdop),
    vdop: dop(sky.vdop),
    pdop: dop(sky.pdop),
    satellitesUsed: numberIn(sky.uSat, 0, 999) ?? list?.filter(({ used }) => used === true).length,
    satellites: list === undefined ? undefined : mergeSignals(list.flatMap(satelliteOf)),
  });
}

function modeOf({ mode, status }: GpsdObject): FixMode {
  if (NOT_A_FIX_STATUSES.some((one) => one === status)) return 1;
  return mode === 1 || mode === 2 || mode === 3 ? mode : 0;
}

/** gpsd before 3.20 says `alt` for the height above sea level. */
function altitude(tpv: GpsdObject): Partial<GpsReading> {
  return {
    altMslM: numberIn(tpv.altMSL ?? tpv.alt, -10_000, 100_000),
    altHaeM: numberIn(tpv.altHAE, -10_000, 100_000),
  };
}

/** gpsd 3.20 and later say `eph`; older ones only the two parts. Its manual calls the certainty unknown. */
function errors(tpv: GpsdObject): Partial<GpsReading> {
  const [east, north] = [numberIn(tpv.epx, 0, 1e7), numberIn(tpv.epy, 0, 1e7)];
  const both = east === undefined || north === undefined ? undefined : Math.hypot(east, north);
  return { horizontalErrorM: numberIn(tpv.eph, 0, 1e7) ?? both, verticalErrorM: numberIn(tpv.epv, 0, 1e7) };
}

/** TPV `ant`: 0 unknown, 1 in order, 2 open, 3 short. */
const ANTENNA_STATES: readonly GpsReading["antenna"][] = [undefined, "ok", "open", "short"];

function antennaOf(ant: unknown): GpsReading["antenna"] {
  return typeof ant === "number" ? ANTENNA_STATES[ant] : undefined;
}

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
  return [defined(satellite)];
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
