import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { NmeaDecoder } from "./nmea.ts";
import type { GpsReading } from "./reading.ts";

const FOLDER = new URL("../../../../shared/data/gpsd/", import.meta.url);
const present = existsSync(FOLDER);
const logs = present ? readdirSync(FOLDER).filter((name) => name.endsWith(".log")) : [];

/** gpsd prints 9 decimals of a degree: half of the last one, 0.06 mm. */
const TOLERANCE_DEG = 5.1e-10;
const TOLERANCE_M = 1e-4;
const ROLLOVER_MS = 1024 * 7 * 86_400_000;

interface NmeaLog {
  /** Host date while it was recorded, from the log's own header. */
  hostDate: string;
  readings: number;
  /** Readings whose time gpsd has too, position and mode compared; the rest are cut off or of a cold start. */
  matchedTimes: number;
  /** Of these, with a position. */
  matchedFixes: number;
  /** Dates that gpsd has wrong by a week rollover: 2034 for 2015, and 1999 for 2019. */
  gpsdRolledOver: number;
}

const NMEA_LOGS: Record<string, NmeaLog> = {
  "beidou-gb.log": {
    hostDate: "2015-03-02",
    readings: 5,
    matchedTimes: 1,
    matchedFixes: 1,
    gpsdRolledOver: 0,
  },
  "gp-320fw-2019-04-07-coldboot.log": {
    hostDate: "2019-04-07",
    readings: 20,
    matchedTimes: 8,
    matchedFixes: 1,
    gpsdRolledOver: 6,
  },
  "neo-m8n.log": {
    hostDate: "2015-03-18",
    readings: 24,
    matchedTimes: 22,
    matchedFixes: 22,
    gpsdRolledOver: 22,
  },
  "quectel-l76k-nmea.log": {
    hostDate: "2026-08-04",
    readings: 151,
    matchedTimes: 150,
    matchedFixes: 150,
    gpsdRolledOver: 0,
  },
  "ublox-neo-m9n-nmea.log": {
    hostDate: "2020-07-11",
    readings: 61,
    matchedTimes: 61,
    matchedFixes: 61,
    gpsdRolledOver: 0,
  },
  "ublox-zed-f9p-nmea.log": {
    hostDate: "2019-04-12",
    readings: 29,
    matchedTimes: 29,
    matchedFixes: 29,
    gpsdRolledOver: 0,
  },
};

const read = (name: string) => new Uint8Array(readFileSync(new URL(name, FOLDER)));

function decode(chunks: Uint8Array[], hostDate: string) {
  const decoder = new NmeaDecoder(new ManualClock(Date.parse(hostDate)));
  const readings = [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.flush()];
  return { readings, counts: decoder.counts };
}

interface Tpv {
  class: "TPV";
  time?: string;
  mode: number;
  lat?: number;
  lon?: number;
  altMSL?: number;
  altHAE?: number;
}

interface Sky {
  class: "SKY";
  satellites?: { gnssid: number; svid: number; el?: number; az?: number }[];
}

function gpsdAnswers(name: string): (Tpv | Sky)[] {
  const text = new TextDecoder("latin1").decode(read(`${name}.chk`));
  return text
    .split("\n")
    .filter((line) => line.startsWith('{"class":"TPV"') || line.startsWith('{"class":"SKY"'))
    .map((line) => JSON.parse(line));
}

/** gpsd's fullest answer for each time, the time taken modulo the rollover. */
function answersByTime(name: string): Map<number, Tpv> {
  const byTime = new Map<number, Tpv>();
  for (const answer of gpsdAnswers(name)) {
    if (answer.class !== "TPV" || answer.time === undefined) continue;
    const key = Date.parse(answer.time) % ROLLOVER_MS;
    if (answer.lat !== undefined || byTime.get(key)?.lat === undefined) byTime.set(key, answer);
  }
  return byTime;
}

function close(own: number | undefined, theirs: number | undefined, tolerance: number): void {
  if (theirs !== undefined && own !== undefined) expect(Math.abs(own - theirs)).toBeLessThan(tolerance);
}

function compare(reading: GpsReading, answer: Tpv): void {
  expect(reading.mode as number).toBe(answer.mode);
  expect(reading.latDeg === undefined).toBe(answer.lat === undefined);
  close(reading.latDeg, answer.lat, TOLERANCE_DEG);
  close(reading.lonDeg, answer.lon, TOLERANCE_DEG);
  close(reading.altMslM, answer.altMSL, TOLERANCE_M);
  close(reading.altHaeM, answer.altHAE, TOLERANCE_M);
}

describe.skipIf(!present)("recordings of receivers, against what gpsd 3.27 makes of them", () => {
  for (const [name, log] of Object.entries(NMEA_LOGS)) {
    test(`${name}: positions, times and modes`, () => {
      const answers = answersByTime(name);
      const { readings } = decode([read(name)], log.hostDate);
      const found = { readings: readings.length, matchedTimes: 0, matchedFixes: 0, gpsdRolledOver: 0 };
      for (const reading of readings) {
        const answer = answers.get((reading.timeMs ?? Number.NaN) % ROLLOVER_MS);
        if (answer === undefined) continue;
        compare(reading, answer);
        found.matchedTimes += 1;
        found.matchedFixes += reading.latDeg === undefined ? 0 : 1;
        found.gpsdRolledOver += Date.parse(answer.time ?? "") === reading.timeMs ? 0 : 1;
      }
      console.log(`${name}: ${found.matchedFixes} fixes and ${found.matchedTimes} times as gpsd has them`);
      expect({ hostDate: log.hostDate, ...found }).toEqual(log);
    });

    test(`${name}: satellites of the last sky report`, () => {
      const sky = gpsdAnswers(name).findLast((answer) => answer.class === "SKY" && answer.satellites);
      const theirs = (sky as Sky).satellites?.map(
        ({ gnssid, svid, el, az }) => `${"GSEC?JRI"[gnssid]}${svid} ${el} ${az}`,
      );
      const own = decode([read(name)], log.hostDate).readings.at(-1)?.satellites;
      const text = own?.map((one) => `${one.system}${one.id} ${one.elevationDeg} ${one.azimuthDeg}`);
      // gpsd lists a satellite once for each of its signals.
      expect(text?.toSorted()).toEqual([...new Set(theirs)].toSorted());
    });
  }

  test("times are the true ones: no week rollover, and no date of an empty clock battery", () => {
    for (const [name, { hostDate }] of Object.entries(NMEA_LOGS)) {
      for (const { timeMs } of decode([read(name)], hostDate).readings) {
        if (timeMs !== undefined)
          expect(Math.abs(timeMs - Date.parse(hostDate))).toBeLessThan(2 * 86_400_000);
      }
    }
  });

  for (const name of logs) {
    test(`${name}: the same readings in any pieces`, () => {
      const bytes = read(name);
      const { hostDate } = NMEA_LOGS[name] ?? { hostDate: "2026-01-01" };
      const whole = decode([bytes], hostDate);
      if (NMEA_LOGS[name] === undefined) expect(whole.readings).toEqual([]);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 }), (sizes) => {
          expect(decode(pieces(bytes, sizes), hostDate)).toEqual(whole);
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
