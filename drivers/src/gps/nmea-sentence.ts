import type { GpsReading } from "./gps-reading.ts";
import {
  dayMs,
  degrees,
  integerIn,
  NmeaFieldError,
  numberIn,
  oneOf,
  shortDateMs,
  timeOfDayMs,
} from "./nmea-fields.ts";

/** What one sentence contributes to the epoch it belongs to. Fields that are absent were not reported. */
export interface EpochPart {
  /** UTC time of day of the epoch; sentences of one epoch share it. */
  timeOfDayMs?: number;
  /** Midnight of the day; only from a receiver that trusts its own time. */
  dayMs?: number;
  /** Whether the receiver stands by its position, and so by the time too. */
  fixed?: boolean;
  latDeg?: number;
  lonDeg?: number;
  altMslM?: number;
  geoidSeparationM?: number;
  satellitesUsed?: number;
  hdop?: number;
  horizontalErrorM?: number;
  verticalErrorM?: number;
  groundSpeedMps?: number;
  antenna?: GpsReading["antenna"];
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * Talker and type of a sentence: two letters and three. Proprietary ones ($PUBX, $PMTK, $PGRME, $PQTM …) have no talker,
 * whatever their letters spell ($PGRMC is no RMC); only $PQGSV and $PQGSA of Quectel and Qualcomm are QZSS and BeiDou.
 */
export function addressOf(address: string): { talker: string; type: string } | undefined {
  if (!/^[A-Z0-9]{2}[A-Z]{3}$/.test(address) || /^P(?!QGS[VA]$)/.test(address)) return undefined;
  return { talker: address.slice(0, 2), type: address.slice(2) };
}

/** One that carries the time of its epoch, by its whole address. */
export interface TimedSentence {
  address: string;
  type: string;
  part: EpochPart;
}

type Fields = readonly string[];
type Parser = (fields: Fields) => EpochPart;

/**
 * Positions that no satellite gave: M typed in by hand, S simulated, N none. Coverage is proven by hotspots that
 * know where they are, so none of these is a fix. E, dead reckoning, is not one either: it drifts without limit.
 */
const NOT_A_FIX_MODES = "NEMS";
/** The same in GGA: 0 none, 6 dead reckoning, 7 manual, 8 simulated. */
const NOT_A_FIX_QUALITIES = [0, 6, 7, 8];

/** GGA: 1 time, 2–5 position, 6 quality, 7 satellites used, 8 HDOP, 9 altitude, 11 geoid separation. */
function gga(f: Fields): EpochPart {
  const quality = integerIn(f[6], 0, 9);
  const fixed = quality === undefined ? undefined : !NOT_A_FIX_QUALITIES.includes(quality);
  return {
    timeOfDayMs: timeOfDayMs(f[1]),
    ...(fixed === false ? {} : position(f[2], f[3], f[4], f[5])),
    fixed,
    satellitesUsed: integerIn(f[7], 0, 255),
    hdop: dop(f[8]),
    altMslM: numberIn(f[9], -10_000, 100_000),
    geoidSeparationM: numberIn(f[11], -200, 200),
  };
}

/**
 * RMC: 1 time, 2 status, 3–6 position, 7 knots, 9 date, 12 mode (from NMEA 2.3), 13 navigational status (from 4.1). What
 * a receiver without a fix reports beside the time is not read: some send 89 degrees and 60 minutes.
 */
function rmc(f: Fields): EpochPart {
  const fixed = statusSaysFix(f[2], f[12]);
  const date = shortDateMs(f[9]);
  return {
    timeOfDayMs: timeOfDayMs(f[1]),
    // A receiver without a fix may report the date of an empty clock battery.
    dayMs: fixed ? date : undefined,
    fixed,
    ...(fixed ? { ...position(f[3], f[4], f[5], f[6]), groundSpeedMps: knots(f[7]) } : {}),
  };
}

/** VTG: 5 knots, 7 km/h, 9 mode (from NMEA 2.3). Some leave one of the two speeds out. */
function vtg(f: Fields): EpochPart {
  if (NOT_A_FIX_MODES.includes(oneOf(f[9], LETTERS) ?? "A")) return {};
  const kmPerHour = numberIn(f[7], 0, MAX_KMH);
  return { groundSpeedMps: kmPerHour === undefined ? knots(f[5]) : kmPerHour / 3.6 };
}

/** GLL: 1–4 position, 5 time, 6 status, 7 mode. */
function gll(f: Fields): EpochPart {
  const fixed = statusSaysFix(f[6], f[7]);
  return { timeOfDayMs: timeOfDayMs(f[5]), fixed, ...(fixed ? position(f[1], f[2], f[3], f[4]) : {}) };
}

/** ZDA: 1 time, 2 day, 3 month, 4 year. */
function zda(f: Fields): EpochPart {
  const [day, month, year] = [integerIn(f[2], 1, 31), integerIn(f[3], 1, 12), integerIn(f[4], 1980, 9999)];
  const known = day !== undefined && month !== undefined && year !== undefined;
  return { timeOfDayMs: timeOfDayMs(f[1]), dayMs: known ? dayMs(year, month, day) : undefined };
}

/** GST: 6 to 8 standard deviations of latitude, longitude and altitude in metres. */
function gst(f: Fields): EpochPart {
  const [north, east] = [numberIn(f[6], 0, 1e7), numberIn(f[7], 0, 1e7)];
  return {
    timeOfDayMs: timeOfDayMs(f[1]),
    horizontalErrorM: north === undefined || east === undefined ? undefined : Math.hypot(north, east),
    verticalErrorM: numberIn(f[8], 0, 1e7),
  };
}

const ANTENNA_WORDS = { OK: "ok", OPEN: "open", SHORT: "short" } as const;

/** TXT: 4 text. u-blox sends `ANTSTATUS=OK`, CASIC (Quectel L76K) `ANTENNA OK`. */
function txt(f: Fields): EpochPart {
  const match = /^ANT(?:STATUS=|ENNA )(OK|OPEN|SHORT)$/.exec(f[4] ?? "");
  return match === null ? {} : { antenna: ANTENNA_WORDS[match[1] as keyof typeof ANTENNA_WORDS] };
}

/** With the numbers of fields that receivers send; where none are listed, any number of them. */
interface SentenceKind {
  parse: Parser;
  /** How many fields it may have. */
  fields?: readonly number[];
  /** It carries the time of its epoch: a new time begins a new epoch. */
  isTimed?: true;
  /** It reports whether there is a fix. */
  saysFix?: true;
}

const SENTENCES: Readonly<Record<string, SentenceKind>> = {
  GGA: { parse: gga, fields: [13, 14, 15], isTimed: true, saysFix: true },
  RMC: { parse: rmc, fields: [11, 12, 13], isTimed: true, saysFix: true },
  GLL: { parse: gll, fields: [6, 7], isTimed: true, saysFix: true },
  ZDA: { parse: zda, fields: [4, 6], isTimed: true },
  GST: { parse: gst, fields: [8], isTimed: true },
  VTG: { parse: vtg, fields: [8, 9] },
  TXT: { parse: txt },
};

export const isTimed = (type: string): boolean => SENTENCES[type]?.isTimed === true;

export const saysFix = (type: string): boolean => SENTENCES[type]?.saysFix === true;

/**
 * The content of a sentence, given its type and its fields (the address is number 0, as in the standard's own counting).
 * Types without anything about the epoch give an empty part.
 *
 * @throws {NmeaFieldError} when a field is out of its range or the number of fields is wrong.
 */
export function parseEpochPart(type: string, fields: readonly string[]): EpochPart {
  const sentence = SENTENCES[type];
  if (sentence === undefined) return {};
  const { fields: allowed } = sentence;
  if (allowed !== undefined && !allowed.includes(fields.length - 1)) {
    throw new NmeaFieldError(`${type} has ${fields.length - 1} fields; allowed are ${allowed.join(", ")}`);
  }
  return sentence.parse(fields);
}

/** DOP between 0 and 99 exclusive; receivers send 0 or 99.99 for "unknown". */
export function dop(field: string | undefined): number | undefined {
  const value = numberIn(field, 0, 1e6);
  return value !== undefined && value > 0 && value < 99 ? value : undefined;
}

const MAX_KMH = 1e5;
const MPS_PER_KNOT = 1852 / 3600;

function knots(field: string | undefined): number | undefined {
  const value = numberIn(field, 0, MAX_KMH);
  return value === undefined ? undefined : value * MPS_PER_KNOT;
}

function position(lat?: string, northSouth?: string, lon?: string, eastWest?: string): EpochPart {
  const latDeg = degrees(lat, northSouth, "NS");
  const lonDeg = degrees(lon, eastWest, "EW");
  return latDeg === undefined || lonDeg === undefined ? {} : { latDeg, lonDeg };
}

function statusSaysFix(status: string | undefined, mode: string | undefined): boolean {
  const modeIndicator = oneOf(mode, LETTERS) ?? "A";
  return oneOf(status, LETTERS) === "A" && !NOT_A_FIX_MODES.includes(modeIndicator);
}
