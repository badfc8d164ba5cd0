import { afterAll, describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { identify } from "../discovery/identify.ts";
import type { GpsReading } from "./gps-reading.ts";
import { GpsdDecoder } from "./gpsd.ts";
import { NmeaDecoder } from "./nmea.ts";
import { Rtcm3Decoder } from "./rtcm3/rtcm3.ts";
import {
  decoderFor,
  type GpsdAnswer,
  gpsdAnswers,
  otherRecordings,
  pieces,
  RECORDINGS,
  readingsOf,
  readRecording,
  recordedAtMs,
  recordingsIn,
} from "./test-recordings.ts";
import { UbxDecoder } from "./ubx/ubx-decoder.ts";

/**
 * 2.2 cm. A degree on the wire has 7 decimals in UBX and, in NMEA, 4 or 5 of a minute, of which the last is 1.7e-7
 * degrees; a receiver that speaks both at once is taken by the one here and by the other in gpsd.
 */
const TOLERANCE_DEG = 2e-7;
/** What gpsd prints of these recordings is met much closer: half of its last digit, or 0.1 mm from centimetres. */
const KNOWN_TOLERANCE_DEG = 1e-9;
const TOLERANCE_M = 1e-4;
/** Times are equal to 1 ms, but for whole week rollovers: gpsd has 2034 for 2015, and 1999 for 2019. */
const TOLERANCE_MS = 1;
const ROLLOVER_MS = 1024 * 7 * 86_400_000;
const FED_BYTES = 1_000_000;
const MAX_GROWTH_BYTES = 48_000_000;

interface Compared {
  readings: number;
  /** Readings whose time gpsd has too; the rest are cut off or of a cold start. */
  times: number;
  /** Of these, with the position that gpsd has. */
  fixes: number;
  /** Of the times, without a fix here and with one in gpsd: the receiver says that it is beyond its limits of error. */
  doubted: number;
  /** Of the times, with the mode that gpsd has. */
  modes: number;
  /** Fixes at a time that gpsd has, with another position or none there. */
  wrong: number;
  /** Epochs with a position in gpsd. */
  gpsdFixes: number;
  /** Times that gpsd has wrong by a rollover. */
  rolledOver: number;
}

const none = { doubted: 0, wrong: 0, rolledOver: 0 };
const KNOWN: Record<string, Compared> = {
  "beidou-gb.log": { ...none, readings: 5, times: 1, fixes: 1, modes: 1, gpsdFixes: 1 },
  "gp-320fw-2019-04-07-coldboot.log": {
    ...none,
    readings: 20,
    times: 8,
    fixes: 1,
    modes: 8,
    gpsdFixes: 1,
    rolledOver: 6,
  },
  "navisys-gr701w.log": { ...none, readings: 81, times: 81, fixes: 55, modes: 81, gpsdFixes: 55, doubted: 3 },
  "neo-m8n.log": { ...none, readings: 24, times: 22, fixes: 22, modes: 22, gpsdFixes: 22, rolledOver: 22 },
  "quectel-l76k-nmea.log": { ...none, readings: 151, times: 150, fixes: 150, modes: 150, gpsdFixes: 150 },
  "u-blox-m8t-time.log": { ...none, readings: 151, times: 150, fixes: 150, modes: 150, gpsdFixes: 150 },
  "ublox-neo-m9n-nmea.log": { ...none, readings: 61, times: 61, fixes: 61, modes: 61, gpsdFixes: 61 },
  "ublox-zed-f9p-nmea.log": { ...none, readings: 29, times: 29, fixes: 29, modes: 29, gpsdFixes: 29 },
  "ublox-zed-f9t-rtcm3.log": { ...none, readings: 26, times: 22, fixes: 22, modes: 22, gpsdFixes: 22 },
};

type AnswersByTime = Map<number, GpsdAnswer[]>;

function answersByTime(answers: readonly GpsdAnswer[]): AnswersByTime {
  const timed = answers.filter((one) => one.class === "TPV" && one.time !== undefined);
  return Map.groupBy(timed, ({ time = "" }) => Date.parse(time) % ROLLOVER_MS);
}

/** gpsd's reports of an epoch, of which there may be several. */
function answersAt(byTime: AnswersByTime, timeMs: number | undefined): GpsdAnswer[] {
  if (timeMs === undefined) return [];
  const key = Math.round(timeMs) % ROLLOVER_MS;
  const offsets = [0, -TOLERANCE_MS, TOLERANCE_MS];
  return offsets.flatMap((offsetMs) => byTime.get(key + offsetMs) ?? []);
}

const isClose = (own: number | undefined, theirs: number | undefined, tolerance: number): boolean =>
  own === undefined || theirs === undefined || Math.abs(own - theirs) < tolerance;

const isAt = (
  fix: Pick<GpsReading, "latDeg" | "lonDeg">,
  { lat, lon }: GpsdAnswer,
  tolerance: number,
): boolean => lat !== undefined && isClose(fix.latDeg, lat, tolerance) && isClose(fix.lonDeg, lon, tolerance);

function compare(
  readings: readonly GpsReading[],
  answers: readonly GpsdAnswer[],
  tolerance: number,
): Compared {
  const byTime = answersByTime(answers);
  const gpsdFixes = [...byTime.values()].filter((all) => all.some(({ lat }) => lat !== undefined)).length;
  const found = { ...none, readings: readings.length, times: 0, fixes: 0, modes: 0, gpsdFixes };
  for (const reading of readings) {
    const at = answersAt(byTime, reading.timeMs);
    if (at.length === 0) continue;
    // gpsd also takes a fix that the receiver itself calls invalid.
    const fix = reading.rejectedFix ?? reading;
    found.times += 1;
    found.modes += at.some(({ mode }) => mode === fix.mode) ? 1 : 0;
    found.doubted += reading.mode === 1 && at.every(({ mode }) => mode > 1) ? 1 : 0;
    found.rolledOver += at.some(({ time }) => Date.parse(time ?? "") === reading.timeMs) ? 0 : 1;
    if (fix.latDeg === undefined) continue;
    if (at.some((answer) => isAt(fix, answer, tolerance))) found.fixes += 1;
    else found.wrong += 1;
  }
  return found;
}

const inAll = { files: 0, fixes: 0, gpsdFixes: 0, times: 0, modes: 0, wrong: 0 };

function tell(name: string, { fixes, gpsdFixes, times, modes, wrong }: Compared): void {
  inAll.files += 1;
  for (const [key, value] of Object.entries({ fixes, gpsdFixes, times, modes, wrong })) {
    inAll[key as keyof typeof inAll] += value;
  }
  console.log(`${name}: ${fixes} of gpsd's ${gpsdFixes} fixes, ${wrong} wrong; ${modes} of ${times} modes`);
}

/** Reads a recording with the decoder that its content asks for; `undefined` where none does. */
function read(folder: URL, name: string) {
  const bytes = readRecording(folder, name);
  const answers = gpsdAnswers(folder, name);
  const atMs = recordedAtMs(name, bytes, answers);
  const decoder = decoderFor(bytes, atMs);
  return { bytes, answers, atMs, readings: decoder && readingsOf(decoder, [bytes]) };
}

const everyDecoder = (atMs: number) => {
  const clock = new ManualClock(atMs);
  const all = [new NmeaDecoder(clock), new UbxDecoder({ clock }), new GpsdDecoder({ clock })];
  return [...all, new Rtcm3Decoder(clock)];
};

/** Feeds the recording again and again: a decoder that kept something of each would grow. */
function growthBytes(bytes: Uint8Array, atMs: number): number {
  const decoders = everyDecoder(atMs);
  const feed = () => {
    for (const decoder of decoders) decoder.push(bytes);
  };
  feed();
  Bun.gc(true);
  const before = process.memoryUsage().heapUsed;
  for (let fed = 0; fed < FED_BYTES; fed += bytes.length) feed();
  Bun.gc(true);
  return process.memoryUsage().heapUsed - before;
}

/** Whatever the recording is, known or not. */
function checkAny(folder: URL, name: string): void {
  test(`${name}: nothing crashes, hangs or grows, and pieces make no difference`, () => {
    const { bytes, atMs, readings } = read(folder, name);
    expect(growthBytes(bytes, atMs)).toBeLessThan(MAX_GROWTH_BYTES);
    if (readings === undefined) {
      for (const decoder of everyDecoder(atMs)) {
        expect([...decoder.push(bytes), ...decoder.flush()] as unknown[]).toEqual([]);
      }
      inAll.files += 1;
      console.log(
        `${name}: ${identify(bytes)[0]?.kind.type ?? "unknown protocol"}, no readings from any decoder`,
      );
      return;
    }
    const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 });
    const inPieces = (cut: number[]) => {
      const decoder = decoderFor(bytes, atMs);
      if (decoder !== undefined) expect(readingsOf(decoder, pieces(bytes, cut))).toEqual(readings);
    };
    fc.assert(fc.property(sizes, inPieces), { numRuns: 3 });
  });
}

const known = recordingsIn(RECORDINGS);

describe.skipIf(known.length === 0)("recordings of receivers, against what gpsd 3.27 makes of them", () => {
  afterAll(() => {
    const { files, fixes, gpsdFixes, times, modes, wrong } = inAll;
    console.log(
      `in all ${files} recordings: ${fixes} of gpsd's ${gpsdFixes} fixes within ${TOLERANCE_DEG}°, ${wrong} wrong; ` +
        `${times} times to ${TOLERANCE_MS} ms, ${modes} of their modes`,
    );
  });

  for (const name of known) checkAny(RECORDINGS, name);

  for (const [name, expected] of Object.entries(KNOWN)) {
    test(`${name}: positions, times and modes`, () => {
      const { answers, readings = [] } = read(RECORDINGS, name);
      const found = compare(readings, answers, KNOWN_TOLERANCE_DEG);
      tell(name, found);
      expect(found).toEqual(expected);
    });

    test(`${name}: heights, errors and leap seconds`, () => {
      const { answers, readings = [] } = read(RECORDINGS, name);
      const byTime = answersByTime(answers);
      for (const reading of readings) {
        if (reading.latDeg === undefined) continue;
        const answer = answersAt(byTime, reading.timeMs).findLast(({ lat }) => lat !== undefined);
        if (answer === undefined) continue;
        expect(isClose(reading.altMslM, answer.altMSL, TOLERANCE_M)).toBe(true);
        expect(isClose(reading.altHaeM, answer.altHAE, TOLERANCE_M)).toBe(true);
        expect(isClose(reading.leapSeconds, answer.leapseconds, 1)).toBe(true);
      }
    });

    test(`${name}: times are the true ones, whatever the receiver's week counter or battery says`, () => {
      const { atMs, readings = [] } = read(RECORDINGS, name);
      const times = readings.flatMap(({ timeMs }) => timeMs ?? []);
      expect(times.length).toBeGreaterThan(0);
      for (const timeMs of times) expect(Math.abs(timeMs - atMs)).toBeLessThan(2 * 86_400_000);
    });
  }

  test("NMEA comes out the same through the decoder for mixed streams", () => {
    const names = known.filter((name) => identify(readRecording(RECORDINGS, name))[0]?.kind.type === "nmea");
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) {
      const { bytes, atMs, readings } = read(RECORDINGS, name);
      const mixed = readingsOf(new UbxDecoder({ clock: new ManualClock(atMs) }), [bytes]);
      const fix = ({ timeMs, mode, latDeg, lonDeg, altMslM }: GpsReading) => [
        timeMs,
        mode,
        latDeg,
        lonDeg,
        altMslM,
      ];
      expect(mixed.map(fix)).toEqual((readings ?? []).map(fix));
    }
  });
});

/** Of a satellite without elevation, gpsd says azimuth 0. */
const angles = (elevationDeg?: number, azimuthDeg?: number): string =>
  elevationDeg === undefined ? "" : ` ${elevationDeg} ${azimuthDeg}`;

describe("satellites", () => {
  const names = known.filter((name) =>
    ["nmea", "ubx"].includes(identify(readRecording(RECORDINGS, name))[0]?.kind.type ?? ""),
  );

  test.each(names)("%s: those of gpsd's last sky report", (name) => {
    const { answers, readings } = read(RECORDINGS, name);
    const sky = answers.findLast((answer) => answer.class === "SKY" && answer.satellites !== undefined);
    const theirs = sky?.satellites?.map(
      ({ gnssid, svid, el, az }) => `${"GSEC?JRI"[gnssid]}${svid}${angles(el, az)}`,
    );
    const own = readings
      ?.at(-1)
      ?.satellites.map((one) => `${one.system}${one.id}${angles(one.elevationDeg, one.azimuthDeg)}`);
    // gpsd lists a satellite once for each of its signals.
    expect(own?.toSorted()).toEqual([...new Set(theirs)].toSorted());
  });
});

const folder = otherRecordings();
const others = folder === undefined ? [] : recordingsIn(folder);

describe.skipIf(others.length === 0)("recordings that were kept apart (EARSHOT_GPSD_LOGS)", () => {
  for (const name of others) {
    if (folder === undefined) continue;
    checkAny(folder, name);

    test(`${name}: no fix is wrong`, () => {
      const { answers, readings } = read(folder, name);
      if (readings === undefined) return;
      const found = compare(readings, answers, TOLERANCE_DEG);
      tell(name, found);
      expect(found.wrong).toBe(0);
    });
  }
});
