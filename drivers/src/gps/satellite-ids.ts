import type { Satellite } from "./gps-reading.ts";

export type System = Satellite["system"];

/** First letters of an NMEA address. `GN` means several constellations and identifies none. */
const SYSTEM_OF_TALKER: Readonly<Record<string, System>> = {
  GP: "G",
  GL: "R",
  GA: "E",
  GB: "C",
  BD: "C",
  GQ: "J",
  QZ: "J",
  PQ: "J",
  GI: "I",
};

/** System id of NMEA 4.10 and later, the last field of GSA. */
const SYSTEM_OF_ID: Readonly<Record<string, System>> = { 1: "G", 2: "R", 3: "E", 4: "C", 5: "J", 6: "I" };

export function systemOfTalker(talker: string): System | undefined {
  return SYSTEM_OF_TALKER[talker];
}

export function systemOfId(systemId: string | undefined): System | undefined {
  return systemId === undefined ? undefined : SYSTEM_OF_ID[systemId];
}

interface Range {
  first: number;
  last: number;
  system: System;
  /** The number is reduced by this to count within the constellation. */
  offset: number;
}

/** Numbers that identify their constellation themselves, whoever the talker is. */
const EXTENDED: readonly Range[] = [
  { first: 120, last: 158, system: "S", offset: 0 },
  { first: 193, last: 202, system: "J", offset: 192 },
  { first: 301, last: 336, system: "E", offset: 300 },
  { first: 401, last: 463, system: "C", offset: 400 },
];

/** Numbers that mean this only from a GPS, GLONASS or unnamed talker: Galileo and BeiDou count here themselves. */
const CLASSIC: readonly Range[] = [
  { first: 1, last: 32, system: "G", offset: 0 },
  { first: 33, last: 64, system: "S", offset: -87 },
  { first: 65, last: 96, system: "R", offset: 64 },
];

/** Galileo numbers of Quectel's receivers; SBAS begins among them, which only a talker of Galileo's cannot mean. */
const QUECTEL_GALILEO: Range = { first: 101, last: 136, system: "E", offset: 100 };
/** BeiDou numbers of receivers older than NMEA 4.10. */
const OLD_BEIDOU: Range = { first: 201, last: 263, system: "C", offset: 200 };

/**
 * The satellite that a receiver means by a number. SBAS is counted by its PRN, 120 to 158, all others from 1.
 * `system` is what talker or system id give; undefined when they give none.
 */
export function satelliteId(system: System | undefined, number: number): Pick<Satellite, "system" | "id"> {
  const usesClassic = system === undefined || system === "G" || (system === "R" && number > 32);
  const ranges = [
    ...(system === "C" || system === undefined ? [OLD_BEIDOU] : []),
    ...(system === "E" ? [QUECTEL_GALILEO] : []),
    ...EXTENDED.filter((range) => system !== "C" || range.system === "C"),
    ...(usesClassic ? [...CLASSIC, QUECTEL_GALILEO] : []),
  ];
  const range = ranges.find(({ first, last }) => number >= first && number <= last);
  if (range !== undefined) return { system: range.system, id: number - range.offset };
  return { system: system ?? "?", id: number };
}
