import type { Satellite } from "../gps-reading.ts";

export type MsmSystem = Exclude<Satellite["system"], "I" | "?">;

interface MsmConstellation {
  /** Message number of its MSM1 less one; MSM4 is `base` + 4. */
  base: number;
  system: MsmSystem;
  /** Added to the number in the satellite mask. SBAS is counted by its PRN, from 120; all others from 1. */
  idOffset: number;
  /** Length of the field the epoch time stands in, and what it counts. */
  time: "gps-week" | "glonass-day" | "beidou-week";
  /** RINEX 3 observation code of each number in the signal mask. */
  signals: Readonly<Record<number, string>>;
}

const L5 = { 22: "5I", 23: "5Q", 24: "5X" };

/** RTCM 10403.3: message numbers of section 3.5.16, signal masks of tables 3.5-91, -96, -99, -102, -105, -108. */
export const MSM_CONSTELLATIONS: readonly MsmConstellation[] = [
  {
    base: 1070,
    system: "G",
    idOffset: 0,
    time: "gps-week",
    signals: {
      ...{ 2: "1C", 3: "1P", 4: "1W", 8: "2C", 9: "2P", 10: "2W", 15: "2S", 16: "2L", 17: "2X" },
      ...L5,
      ...{ 30: "1S", 31: "1L", 32: "1X" },
    },
  },
  {
    base: 1080,
    system: "R",
    idOffset: 0,
    time: "glonass-day",
    signals: { 2: "1C", 3: "1P", 8: "2C", 9: "2P" },
  },
  {
    base: 1090,
    system: "E",
    idOffset: 0,
    time: "gps-week",
    signals: {
      ...{ 2: "1C", 3: "1A", 4: "1B", 5: "1X", 6: "1Z", 8: "6C", 9: "6A", 10: "6B", 11: "6X", 12: "6Z" },
      ...{ 14: "7I", 15: "7Q", 16: "7X", 18: "8I", 19: "8Q", 20: "8X" },
      ...L5,
    },
  },
  { base: 1100, system: "S", idOffset: 119, time: "gps-week", signals: { 2: "1C", ...L5 } },
  {
    base: 1110,
    system: "J",
    idOffset: 0,
    time: "gps-week",
    signals: {
      ...{ 2: "1C", 9: "6S", 10: "6L", 11: "6X", 15: "2S", 16: "2L", 17: "2X" },
      ...L5,
      ...{ 30: "1S", 31: "1L", 32: "1X" },
    },
  },
  {
    base: 1120,
    system: "C",
    idOffset: 0,
    time: "beidou-week",
    signals: {
      ...{ 2: "2I", 3: "2Q", 4: "2X", 8: "6I", 9: "6Q", 10: "6X", 14: "7I", 15: "7Q", 16: "7X" },
      ...{ 22: "5D", 23: "5P", 24: "5X", 25: "7D", 30: "1D", 31: "1P", 32: "1X" },
    },
  },
];

/** The constellation and the kind, 1 to 7, of an MSM message number; undefined for other messages. */
export function msmOf(type: number): { constellation: MsmConstellation; kind: number } | undefined {
  const constellation = MSM_CONSTELLATIONS.find(({ base }) => type > base && type <= base + 7);
  return constellation && { constellation, kind: type - constellation.base };
}

/** The RINEX code, or `?` and the number of a signal that the standard had reserved when this was written. */
export function signalCode(signals: Readonly<Record<number, string>>, number: number): string {
  return signals[number] ?? `?${number}`;
}
