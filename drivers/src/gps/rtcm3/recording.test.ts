import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { hasSocat, makePtyPair } from "../../../test/pty-pair.ts";
import { skipWithout } from "../../../test/tools.ts";
import { openSerial } from "../../link/serial-link.ts";
import { openTcp } from "../../link/tcp-link.ts";
import { satelliteKey } from "../satellites.ts";
import type { MsmMessage } from "./msm.ts";
import { openRtcm3, Rtcm3Decoder } from "./rtcm3.ts";
import { Rtcm3Framer } from "./rtcm3-framer.ts";
import { decodeRtcm3, type Rtcm3Message } from "./rtcm3-message.ts";
import { stationQuality } from "./station-quality.ts";
import type { ReferenceStationReading } from "./station-reading.ts";

const LOG = new URL("../../../../../shared/data/gpsd/ublox-zed-f9t-rtcm3.log", import.meta.url);
const present = existsSync(LOG);
const bytes = present ? new Uint8Array(readFileSync(LOG)) : new Uint8Array();
const FIRST_MS = Date.UTC(2019, 9, 17, 8, 13, 29, 1);
const EPOCHS = 26;
const clock = new ManualClock(FIRST_MS);

function messages(): Rtcm3Message[] {
  return new Rtcm3Framer().push(bytes).flatMap((payload) => {
    const result = decodeRtcm3(payload);
    return result.ok ? [result.message] : [];
  });
}

function decode(chunks: readonly Uint8Array[]) {
  const decoder = new Rtcm3Decoder(clock);
  const readings = [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.flush()];
  return { readings, counts: decoder.counts };
}

interface GpsdRtcm3 {
  class: "RTCM3";
  type: number;
  station_id?: number;
  tow?: number;
  sync?: string;
  IODS?: number;
  NSat?: number;
  NSig?: number;
  x?: number;
  y?: number;
  z?: number;
}

interface GpsdSky {
  class: "SKY";
  time: string;
  satellites?: { gnssid: number; svid: number; ss: number }[];
}

interface GpsdTpv {
  class: "TPV";
  lat: number;
  lon: number;
  altHAE: number;
}

/** gpsd's answers of one class. Numbers above 2^53, of masks, are not read. */
function gpsdAnswers<T extends { class: string }>(name: T["class"]): T[] {
  const text = readFileSync(new URL(`${LOG}.chk`), "latin1");
  return text
    .split("\n")
    .flatMap((line) => (line.startsWith(`{"class":"${name}"`) ? [JSON.parse(line)] : []));
}

/** gpsd repeats its last RTCM3 report when a UBX message follows, always 1230 here: each second one is left out. */
function gpsdMessages(): GpsdRtcm3[] {
  const all = gpsdAnswers<GpsdRtcm3>("RTCM3");
  return all.filter(({ type }, at) => type !== 1230 || all[at - 1]?.type !== 1230);
}

/** The time field as sent, which gpsd prints whatever it counts. */
function sentTime({ time }: MsmMessage): number {
  return time.scale === "glonass-day" ? (time.day ?? 7) * 2 ** 27 + time.dayMs : time.weekMs;
}

/** What gpsd says of a message, said by this decoder. Of 1230 and 4072 only the number is compared. */
function asGpsd(message: Rtcm3Message): Partial<GpsdRtcm3> {
  if (message.kind === "other" || message.kind === "glonass-bias") return { type: message.type };
  const { type, stationId: station_id } = message;
  if (message.kind === "station-position") {
    return { type, station_id, x: message.xM, y: message.yM, z: message.zM };
  }
  if (message.kind !== "msm") return { type, station_id };
  const { moreFollow, issueOfDataStation: IODS, satellites, signalIds } = message;
  const counts = { NSat: satellites.length, NSig: signalIds.length };
  return { type, station_id, tow: sentTime(message), sync: moreFollow ? "1" : "0", IODS, ...counts };
}

describe.skipIf(!present)(
  "a u-blox ZED-F9T as station, with UBX between, against what gpsd 3.27 makes of it",
  () => {
    test("every message: number, station, time, more to follow, satellites, signals, coordinates", () => {
      const [own, theirs] = [messages(), gpsdMessages()];
      expect(own).toHaveLength(182);
      expect(theirs).toHaveLength(own.length);
      for (const [at, message] of own.entries()) expect(theirs[at]).toMatchObject(asGpsd(message));
      console.log(`${own.length} RTCM messages of ${theirs.length} as gpsd has them`);
    });

    test("all constellations of an epoch have one time, a second after the last", () => {
      const { readings, counts } = decode([bytes]);
      expect(readings.map(({ timeMs }) => timeMs)).toEqual(
        Array.from({ length: EPOCHS }, (_, at) => FIRST_MS + at * 1000),
      );
      expect(readings.every(({ complete }) => complete)).toBe(true);
      expect(counts.frames).toBe(182);
    });

    test("C/N0 is what the receiver says in UBX at the same time, to 1 dB-Hz", () => {
      const skies = gpsdAnswers<GpsdSky>("SKY").filter(({ satellites }) => satellites !== undefined);
      const { readings } = decode([bytes]);
      const found = { compared: 0, within1DbHz: 0 };
      for (const { time, satellites = [] } of skies) {
        const reading = readings.find(({ timeMs }) => Math.round(timeMs / 1000) === Date.parse(time) / 1000);
        const reported = new Map(satellites.map((one) => [`${"GSEC?JR"[one.gnssid]}${one.svid}`, one.ss]));
        for (const satellite of reading?.satellites ?? []) {
          const theirs = reported.get(satelliteKey(satellite)) ?? 0;
          found.compared += 1;
          found.within1DbHz += satellite.signals.some(({ cn0DbHz = 0 }) => Math.abs(cn0DbHz - theirs) <= 1)
            ? 1
            : 0;
        }
      }
      console.log(
        `${found.within1DbHz} of ${found.compared} satellites with the C/N0 that gpsd has from UBX`,
      );
      expect(found).toEqual({ compared: 83, within1DbHz: 83 });
    });

    test("the station stands where the receiver says it is", () => {
      const [tpv] = gpsdAnswers<GpsdTpv>("TPV");
      const position = decode([bytes]).readings.at(-1)?.position;
      expect(Math.abs((position?.latDeg ?? 0) - (tpv?.lat ?? 0))).toBeLessThan(1e-7);
      expect(Math.abs((position?.lonDeg ?? 0) - (tpv?.lon ?? 0))).toBeLessThan(1e-7);
      expect(Math.abs((position?.altHaeM ?? 0) - (tpv?.altHAE ?? 0))).toBeLessThan(0.01);
    });

    test("two satellites low above the horizon lost lock", () => {
      const gaps = decode([bytes]).readings.flatMap((reading) => reading.gaps);
      expect(gaps).toEqual([
        { system: "E", id: 9, signal: "1C", lastedMs: 2000 },
        { system: "R", id: 7, signal: "1C", lastedMs: 9000 },
      ]);
    });

    test("scores as a good station with an open sky", () => {
      const readings = decode([bytes]).readings.map((one) => ({ ...one, atMs: one.timeMs + 150 }));
      const quality = stationQuality(readings, { fromMs: FIRST_MS - 1, toMs: FIRST_MS - 1 + EPOCHS * 1000 });
      expect(quality).toMatchObject({ receivedEpochs: EPOCHS, satellitesMin: 25, gaps: 2, signals: 1214 });
      expect(quality.scorePermille).toBe(968);
    });

    test("the same readings in any pieces", () => {
      const whole = decode([bytes]);
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 3000 }), (size) => {
          const count = Math.ceil(bytes.length / size);
          const pieces = Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
          expect(decode(pieces)).toEqual(whole);
        }),
        { numRuns: 20 },
      );
    });

    test.skipIf(skipWithout(hasSocat))("the same readings over a real serial line", async () => {
      await using pair = await makePtyPair();
      const device = await openSerial({ path: pair.paths[1], baudRate: 115_200 });
      const port = () => openSerial({ path: pair.paths[0], baudRate: 115_200 });
      const driver = openRtcm3(port, { clock });
      // The port is set up, and what came before forgotten, while the driver opens it.
      while (driver.counts().garbageBytes === 0) await device.write(Uint8Array.of(0));
      const heard = take(driver);
      for (let at = 0; at < bytes.length; at += 1000) await device.write(bytes.subarray(at, at + 1000));
      expect(await heard).toEqual(decode([bytes]).readings);
      await device.close();
    });

    test("the same readings over TCP", async () => {
      const server = createServer((socket) => socket.end(bytes)).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as { port: number };
      await using driver = openRtcm3((signal) => openTcp({ host: "127.0.0.1", port, signal }), { clock });
      expect(await take(driver)).toEqual(decode([bytes]).readings);
      server.close();
    });
  },
);

/** All epochs of the recording; then leaves the iteration, which closes the driver. */
async function take(driver: AsyncIterable<ReferenceStationReading>): Promise<ReferenceStationReading[]> {
  const readings: ReferenceStationReading[] = [];
  for await (const reading of driver) {
    readings.push(reading);
    if (readings.length === EPOCHS) break;
  }
  return readings;
}
