import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import type { GpsReading } from "../reading.ts";
import { UbxDecoder } from "./ubx-decoder.ts";

const FOLDER = new URL("../../../../../shared/data/gpsd/", import.meta.url);
const present = existsSync(FOLDER);

/** The wire has 7 decimals of a degree; NAV-SOL has centimetres, which gpsd prints to 9 decimals: 0.1 mm. */
const TOLERANCE_DEG = 1e-9;
const TOLERANCE_M = 1e-4;

interface UbxLog {
  /** Host date while it was recorded, from the log's own header. */
  hostDate: string;
  readings: number;
  /** Readings whose time gpsd has too, mode, position and errors compared; it tells no time for the first ones. */
  matchedTimes: number;
  matchedFixes: number;
  /** Of the times, without a fix here and with one in gpsd: the receiver says that it is beyond its error limits. */
  doubted: number;
  /** Readings with as many satellites used as gpsd's sky report of that time. */
  matchedUsed: number;
  /** Of the sky reports of that time. */
  skyReports: number;
}

const UBX_LOGS: Record<string, UbxLog> = {
  "navisys-gr701w.log": {
    hostDate: "2024-03-28",
    readings: 81,
    matchedTimes: 81,
    matchedFixes: 52,
    doubted: 3,
    matchedUsed: 81,
    skyReports: 81,
  },
  "u-blox-m8t-time.log": {
    hostDate: "2021-02-23",
    readings: 151,
    matchedTimes: 150,
    matchedFixes: 150,
    doubted: 0,
    matchedUsed: 151,
    skyReports: 151,
  },
  "ublox-zed-f9t-rtcm3.log": {
    hostDate: "2019-10-17",
    readings: 26,
    matchedTimes: 22,
    matchedFixes: 22,
    doubted: 0,
    matchedUsed: 3,
    skyReports: 3,
  },
};

const read = (name: string) => new Uint8Array(readFileSync(new URL(name, FOLDER)));

function decode(chunks: Uint8Array[], hostDate: string) {
  const decoder = new UbxDecoder({ clock: new ManualClock(Date.parse(hostDate)) });
  const readings = [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.flush()];
  return { readings, counts: decoder.counts };
}

interface Answer {
  class: string;
  time?: string;
  mode: number;
  lat?: number;
  lon?: number;
  altMSL?: number;
  altHAE?: number;
  eph?: number;
  epv?: number;
  leapseconds?: number;
  clockbias?: number;
  uSat?: number;
  satellites?: { used: boolean }[];
}

function gpsdAnswers(name: string): Answer[] {
  const lines = new TextDecoder("latin1").decode(read(`${name}.chk`)).split("\n");
  return lines.filter((line) => line.startsWith('{"class":"')).map((line) => JSON.parse(line));
}

/** gpsd's last answer of a class for each time that has what is asked for. */
function answersByTime(name: string, isFull: (answer: Answer) => boolean): Map<number, Answer> {
  const timed = gpsdAnswers(name).filter((one) => one.time !== undefined && isFull(one));
  return new Map(timed.map((one) => [Date.parse(one.time ?? ""), one]));
}

function close(own: number | undefined, theirs: number | undefined, tolerance: number): void {
  if (theirs !== undefined && own !== undefined) expect(Math.abs(own - theirs)).toBeLessThan(tolerance);
}

function compare(reading: GpsReading, answer: Answer): void {
  expect(reading.mode as number).toBe(answer.mode);
  expect(reading.latDeg === undefined).toBe(answer.lat === undefined);
  close(reading.latDeg, answer.lat, TOLERANCE_DEG);
  close(reading.lonDeg, answer.lon, TOLERANCE_DEG);
  close(reading.altMslM, answer.altMSL, TOLERANCE_M);
  close(reading.altHaeM, answer.altHAE, TOLERANCE_M);
  close(reading.horizontalErrorM, answer.eph, TOLERANCE_M);
  close(reading.verticalErrorM, answer.epv, TOLERANCE_M);
  expect(reading.leapSeconds).toBe(answer.leapseconds ?? reading.leapSeconds);
}

describe.skipIf(!present)("recordings of u-blox receivers, against what gpsd 3.27 makes of them", () => {
  for (const [name, log] of Object.entries(UBX_LOGS)) {
    test(`${name}: positions, times, modes and satellites used`, () => {
      const answers = answersByTime(name, (one) => one.class === "TPV");
      const skies = answersByTime(name, (one) => one.class === "SKY" && one.satellites !== undefined);
      const { readings } = decode([read(name)], log.hostDate);
      const found = { matchedTimes: 0, matchedFixes: 0, doubted: 0, matchedUsed: 0, skyReports: 0 };
      for (const reading of readings) {
        const sky = skies.get(reading.timeMs ?? Number.NaN);
        const used = reading.satellites.filter((one) => one.used).length;
        found.skyReports += sky === undefined ? 0 : 1;
        found.matchedUsed += sky !== undefined && used === sky.uSat ? 1 : 0;
        const answer = answers.get(reading.timeMs ?? Number.NaN);
        if (answer === undefined) continue;
        found.matchedTimes += 1;
        if (reading.mode === 1 && answer.mode > 1) found.doubted += 1;
        else compare(reading, answer);
        found.matchedFixes += reading.latDeg === undefined ? 0 : 1;
      }
      console.log(
        `${name}: ${found.matchedFixes} fixes and ${found.matchedTimes} times of ${readings.length} as gpsd has them, ` +
          `${found.matchedUsed} of ${found.skyReports} counts of satellites used`,
      );
      expect({ hostDate: log.hostDate, readings: readings.length, ...found }).toEqual(log);
    });

    test(`${name}: the same readings in any pieces`, () => {
      const bytes = read(name);
      const whole = decode([bytes], log.hostDate);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 }), (sizes) => {
          expect(decode(pieces(bytes, sizes), log.hostDate)).toEqual(whole);
        }),
        { numRuns: 5 },
      );
    });
  }
});

/** Cuts `bytes` into pieces of these sizes, over and over. */
function pieces(bytes: Uint8Array, sizes: number[]): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    cut.push(bytes.subarray(at, at + size));
    at += size;
  }
  return cut;
}
