import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { bytesOf, epochText, sentence } from "../../test/nmea-text.ts";
import { driverContract } from "../testing/driver-contract.ts";
import { MemoryLink } from "../testing/memory-link.ts";
import { NmeaDecoder, openNmea } from "./nmea.ts";
import type { GpsReading } from "./reading.ts";

const NOON_MS = Date.UTC(2026, 2, 1, 12);
const CAPACITY = 16;

driverContract("openNmea", {
  capacity: CAPACITY,
  maxFrameBytes: 256,
  async open() {
    const link = new MemoryLink();
    const driver = openNmea(link, { clock: new ManualClock(NOON_MS), capacity: CAPACITY });
    let second = 0;
    // An epoch is told when the next one begins: each call sends one more.
    const epochs = (count: number) =>
      bytesOf(Array.from({ length: count + 1 }, () => epochText(second++)).join(""));
    const feed = (bytes: Uint8Array, pieceBytes = bytes.length) => {
      link.pushSplit(bytes, pieceBytes);
      return link.drained();
    };
    return {
      driver,
      feedGood: (count) => feed(epochs(count)),
      feedGarbage: () => feed(bytesOf(`\xb5b\x01\x07${epochText(0).replaceAll("*", "1*")}`)),
      feedSplit: (count, pieceBytes) => feed(epochs(count), pieceBytes),
      feedFlood: (bytes) => feed(bytesOf(`$GNGGA,${"1".repeat(bytes - 7)}`), 4096),
      lose: () => link.lose(),
      linkCloses: () => link.closeCalls,
    };
  },
});

function decode(text: string, nowMs = NOON_MS): GpsReading[] {
  const decoder = new NmeaDecoder(new ManualClock(nowMs));
  return [...decoder.push(bytesOf(text)), ...decoder.flush()];
}

const sentences = (...bodies: string[]) => bodies.map(sentence).join("");

describe("an epoch", () => {
  test("brings together position, time, errors, dilution and sky", () => {
    const gst = sentence("GNGST,120007.00,11,,,,1.5,2.0,3.5");
    const [reading] = decode(epochText(7) + gst);
    expect(reading).toEqual({
      kind: "gps",
      atMs: NOON_MS,
      timeMs: NOON_MS + 7000,
      mode: 3,
      latDeg: 48 + 7.038 / 60,
      lonDeg: 11 + 31 / 60,
      altMslM: 545.4,
      altHaeM: 545.4 + 46.9,
      satellitesUsed: 9,
      satellites: [
        { system: "G", id: 4, elevationDeg: 40, azimuthDeg: 83, cn0DbHz: 46, used: true },
        { system: "G", id: 5, elevationDeg: 17, azimuthDeg: 308, cn0DbHz: 41, used: true },
        { system: "G", id: 9, elevationDeg: 7, azimuthDeg: 344, cn0DbHz: 39, used: true },
        { system: "G", id: 12, elevationDeg: 22, azimuthDeg: 228, cn0DbHz: 45, used: true },
        { system: "G", id: 24, elevationDeg: 9, azimuthDeg: 100, used: true },
      ],
      hdop: 0.9,
      vdop: 1.5,
      pdop: 1.8,
      horizontalErrorM: 2.5,
      verticalErrorM: 3.5,
    });
  });

  test("without a fix has no position, no height and no time, and no zeros in their place", () => {
    const [reading] = decode(
      sentences(
        "GPRMC,235948.00,V,0000.0000,N,00000.0000,E,,,161206,,,N",
        "GPGGA,235948.00,,,,,0,00,99.99,,,,,,",
      ),
    );
    expect(reading).toEqual({ kind: "gps", atMs: NOON_MS, mode: 1, satellitesUsed: 0, satellites: [] });
  });

  test("of a receiver that does not know the time yet ends with the second of its sentences", () => {
    const cold = sentences("GNRMC,,V,,,,,,,,,,N", "GNGGA,,,,,,0,00,99.99,,,,,,");
    expect(decode(cold + cold + cold).map(({ mode }) => mode)).toEqual([1, 1, 1]);
  });

  test("keeps no satellites or dilution of the one before, but the antenna", () => {
    const antenna = sentence("GNTXT,01,01,02,ANTSTATUS=OPEN");
    const bare = sentences("GNRMC,120008.00,A,4807.0380,N,01131.0000,E,0.02,,010326,,,A");
    const [first, second] = decode(antenna + epochText(7) + bare);
    expect(first?.antenna).toBe("open");
    expect(second).toMatchObject({ mode: 2, antenna: "open" });
    expect(second?.hdop).toBeUndefined();
    expect(second?.satellites[0]?.used).toBeUndefined();
  });

  test("with one doubting sentence is no fix", () => {
    const readings = decode(epochText(7) + sentence("GNGLL,4807.0380,N,01131.0000,E,120007.00,V,N"));
    expect(readings.map(({ mode, latDeg }) => [mode, latDeg])).toEqual([[1, undefined]]);
  });
});

test.each([
  ["dead reckoning", "6"],
  ["typed in by hand", "7"],
  ["simulated", "8"],
])("a position that is %s is no fix", (_, quality) => {
  const [reading] = decode(sentence(`GNGGA,120007.00,4807.0380,N,01131.0000,E,${quality},09,0.9,5,M,4,M,,`));
  expect(reading?.mode).toBe(1);
  expect(reading?.latDeg).toBeUndefined();
});

test.each([11, 12, 13])("RMC with %d fields (NMEA 2.0, 2.3, 4.1) is understood", (count) => {
  const fields = "GPRMC,120007.00,A,4807.0380,S,01131.0000,W,0.02,,010326,,,D,V"
    .split(",")
    .slice(0, count + 1);
  const [reading] = decode(sentence(fields.join(",")));
  expect(reading?.latDeg).toBeCloseTo(-48.1173, 6);
  expect(reading?.timeMs).toBe(NOON_MS + 7000);
});

test.each([
  "GNGGA,120007.00,4867.0380,N,01131.0000,E,1,09,0.9,545.4,M,46.9,M,,", // 67 minutes of arc
  "GNGGA,120007.00,9107.0380,N,01131.0000,E,1,09,0.9,545.4,M,46.9,M,,", // 91 degrees
  "GNGGA,256007.00,4807.0380,N,01131.0000,E,1,09,0.9,545.4,M,46.9,M,,", // 25 hours
  "GNGGA,120007.00,4807.0380,N,01131.0000,E,1,09,0.9,545.4,M", // cut off, checksum of the rest
  "GNGGA,120007.00,4807.0380,N,01131.0000,E,1,09,1e9,545.4,M,46.9,M,,",
  "GNRMC,120007.00,A,4807.0380,N,01131.0000,E,0.02,,310226,,,A", // 31 February
  "GNGSA,A,7,04,05,,09,12,,,24,,,,,1.8,0.9,1.5",
  "GPGSV,3,3,12,2,40,16,00,090,", // seen in the coldboot recording
  "GPGSV,1,1,01,04,40,999,46",
])("%s is refused as a whole and counted", (body) => {
  const decoder = new NmeaDecoder(new ManualClock(NOON_MS));
  decoder.push(bytesOf(sentence(body)));
  expect(decoder.flush()).toEqual([]);
  expect(decoder.counts).toEqual({ frames: 0, badFrames: 1, garbageBytes: 0 });
});

test("midnight passes between a dated sentence and the next one", () => {
  const last = "GNRMC,235959.00,A,4807.0380,N,01131.0000,E,0.02,,010326,,,A";
  const next = "GNGGA,000000.00,4807.0380,N,01131.0000,E,1,09,0.9,545.4,M,46.9,M,,";
  expect(decode(sentences(last, next)).map(({ timeMs }) => timeMs)).toEqual([
    Date.UTC(2026, 2, 1, 23, 59, 59),
    Date.UTC(2026, 2, 2),
  ]);
});

test("any bytes between, before and after good epochs change none of their readings", () => {
  // No "$": it could begin a sentence that swallows the start of a good one.
  const junk = fc.array(fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.filter((b) => b !== 0x24)));
  const clean = decode([1, 2, 3].map(epochText).join(""));
  fc.assert(
    fc.property(junk, (pieces) => {
      const decoder = new NmeaDecoder(new ManualClock(NOON_MS));
      const readings = [1, 2, 3].flatMap((second) => [
        ...decoder.push(pieces[second] ?? new Uint8Array()),
        ...decoder.push(bytesOf(epochText(second))),
      ]);
      expect([...readings, ...decoder.flush()]).toEqual(clean);
    }),
  );
});

test("any truncation or flipped byte throws nothing and invents no epoch", () => {
  const text = bytesOf([1, 2, 3].map(epochText).join(""));
  const clean = new Map(decode([1, 2, 3].map(epochText).join("")).map((one) => [one.timeMs, one]));
  const position = fc.integer({ min: 0, max: text.length - 1 });
  fc.assert(
    fc.property(position, position, fc.integer({ min: 1, max: 255 }), (end, at, flip) => {
      const damaged = text.slice(0, end + 1);
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      const decoder = new NmeaDecoder(new ManualClock(NOON_MS));
      for (const reading of [...decoder.push(damaged), ...decoder.flush()]) {
        expect(reading.latDeg ?? clean.get(reading.timeMs)?.latDeg).toBe(48 + 7.038 / 60);
      }
    }),
  );
});

test("random bytes throw nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 500 })), (chunks) => {
      const decoder = new NmeaDecoder(new ManualClock(NOON_MS));
      for (const chunk of chunks) decoder.push(chunk);
      decoder.flush();
    }),
  );
});
