import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { bytesOf, epochText, sentence } from "../../test/nmea-text.ts";
import { driverContract } from "../testing/driver-contract.ts";
import { MemoryLink } from "../testing/memory-link.ts";
import type { GpsReading } from "./gps-reading.ts";
import { IntegrityMonitor } from "./integrity/integrity-monitor.ts";
import { NmeaDecoder, openNmea } from "./nmea.ts";

const NOON_MS = Date.UTC(2026, 2, 1, 12);
const CAPACITY = 16;

driverContract("openNmea", {
  capacity: CAPACITY,
  maxFrameBytes: 256,
  async open() {
    const link = new MemoryLink();
    const driver = openNmea(link, { clock: new ManualClock(NOON_MS), capacity: CAPACITY });
    let second = 0;
    // An epoch is reported when the next one begins: each call sends one more.
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
      groundSpeedMps: (0.02 * 1852) / 3600,
      hostClockOffsetNs: -7e9,
      hostClockOffsetBy: "message",
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

const fixAt = (time: string, speed = "0.02,") => [
  `GNRMC,${time}.00,A,4807.0380,N,01131.0000,E,${speed},010326,,,A`,
  `GNGGA,${time}.00,4807.0380,N,01131.0000,E,1,09,0.9,545.4,M,46.9,M,,`,
];
const brief = (readings: readonly GpsReading[]) => readings.map(({ mode, timeMs }) => [mode, timeMs]);
const SECONDS = [7, 8, 9].map((second) => [3, NOON_MS + second * 1000]);

describe("a date stamped for another moment than the positions", () => {
  const zda = (time: string) => `GPZDA,${time}.00,01,03,2026,00,00`;

  test.each([
    [
      "a second later, behind them",
      (at: number) => [...fixAt(`12000${at}`), zda(`1200${String(at + 1).padStart(2, "0")}`)],
    ],
    [
      "a second later, before them",
      (at: number) => [zda(`1200${String(at + 1).padStart(2, "0")}`), ...fixAt(`12000${at}`)],
    ],
    ["a second earlier", (at: number) => [...fixAt(`12000${at}`), zda(`12000${at - 1}`)]],
    [
      "two seconds later, between them",
      (at: number) => fixAt(`12000${at}`).toSpliced(1, 0, zda(`1200${String(at + 2).padStart(2, "0")}`)),
    ],
    ["alike, before them", (at: number) => [zda(`12000${at}`), ...fixAt(`12000${at}`)]],
    ["alike, behind them", (at: number) => [...fixAt(`12000${at}`), zda(`12000${at}`)]],
  ])("%s: one epoch a second", (_, round) => {
    const bodies = [7, 8, 9].flatMap((second) => round(second));
    expect(brief(decode(sentences(...bodies)))).toEqual(SECONDS);
  });

  test("dates positions of a receiver that sends no RMC, over midnight too", () => {
    const gga = (time: string) => fixAt(time)[1] ?? "";
    const bodies = [
      ...["GPZDA,235959.00,01,03,2026,,", gga("235958"), "GPZDA,000000.00,02,03,2026,,", gga("235959")],
      ...["GPZDA,000001.00,02,03,2026,,", gga("000000")],
    ];
    const midnightMs = Date.UTC(2026, 2, 2);
    expect(brief(decode(sentences(...bodies)))).toEqual([-2000, -1000, 0].map((ms) => [3, midnightMs + ms]));
  });

  test("is an epoch where no positions come", () => {
    const bodies = ["120007", "120008", "120009"].map(zda);
    expect(brief(decode(sentences(...bodies)))).toEqual(SECONDS.map(([, timeMs]) => [0, timeMs]));
    // Positions that stopped do not hold the time up.
    const stopped = sentences(...fixAt("120007"), ...["120018", "120019", "120020"].map(zda));
    expect(decode(stopped).map(({ mode }) => mode)).toEqual([3, 0, 0, 0]);
  });

  test("and errors stamped apart are no epoch either", () => {
    const gst = (second: number) => `GNGST,12000${second}.00,11,,,,1.5,2.0,3.5`;
    const bodies = [7, 8, 9].flatMap((second) => [...fixAt(`12000${second}`), gst(second - 1)]);
    const readings = decode(sentences(...bodies, ...fixAt("120010")));
    expect(brief(readings).slice(0, 3)).toEqual(SECONDS);
    expect(readings).toHaveLength(4);
  });
});

describe("speed over the ground", () => {
  const speedOf = (...bodies: string[]) => decode(sentences(...bodies))[0]?.groundSpeedMps;

  test.each([
    ["RMC in knots", fixAt("120007", "19.4384,90.0"), 10],
    ["VTG in km/h", [...fixAt("120007", ","), "GNVTG,90.0,T,,M,19.4,N,36.000,K,A"], 10],
    ["VTG without km/h", [...fixAt("120007", ","), "GNVTG,90.0,T,,M,19.4384,N,,K,A"], 10],
    ["VTG without a mode (NMEA 2.2)", [...fixAt("120007", ","), "GPVTG,90.0,T,,M,,N,36.0,K"], 10],
    ["VTG before the positions", ["GNVTG,90.0,T,,M,19.4,N,36.000,K,A", ...fixAt("120007", ",")], 10],
  ])("is read from %s", (_, bodies, speedMps) => {
    expect(speedOf(...bodies)).toBeCloseTo(speedMps, 3);
  });

  test.each([
    ["RMC of mode N", ["GNRMC,120007.00,A,4807.0380,N,01131.0000,E,19.4,,010326,,,N"]],
    ["RMC without a fix", ["GNRMC,120007.00,V,4807.0380,N,01131.0000,E,19.4,,010326,,,A"]],
    ["VTG of mode N", [...fixAt("120007", ","), "GNVTG,90.0,T,,M,19.4,N,36.000,K,N"]],
    ["nobody", fixAt("120007", ",")],
  ])("of %s is none", (_, bodies) => {
    expect(speedOf(...bodies)).toBeUndefined();
  });

  test("makes a receiver that drives off a finding, from plain NMEA", () => {
    const decoder = new NmeaDecoder(new ManualClock(NOON_MS));
    const monitor = new IntegrityMonitor();
    for (let second = 10; second < 40; second += 1) {
      const bodies = fixAt(`1200${second}`, "14.0,90.0");
      const atMs = NOON_MS + second * 1000;
      for (const one of decoder.push(bytesOf(sentences(...bodies)))) monitor.add({ ...one, atMs });
    }
    const [finding] = monitor.summary(NOON_MS + 40_000).findings;
    expect(finding).toMatchObject({ code: "moving", flag: "jump", measured: { speedMps: 7.2 } });
  });
});

test.each([
  "PUBX,00,081350.00,4717.113210,N,00833.915187,E,G3,2.1,2.0,0.007,77.52,0.007,,0.92,1.19,0.77,9,0,0",
  "PGRMC,A,218.8,100,6378137.000,298.257223563,0.0,0.0,0.0,A,3,1,1,4,30",
  "PTGGA,1,2",
  "PQTMEPE,2,1.0,2.0",
  "PMTK001,314,3",
  "PQVTG,1",
])("%s is the maker's own: understood as nothing, and refused by no rule of other sentences", (body) => {
  const decoder = new NmeaDecoder(new ManualClock(NOON_MS));
  expect([...decoder.push(bytesOf(sentence(body))), ...decoder.flush()]).toEqual([]);
  expect(decoder.counts).toEqual({ frames: 1, badFrames: 0, garbageBytes: 0 });
});

test.each([
  ["at 0, 0", "GNGGA,120007.00,0000.0000,N,00000.0000,E,1,09,0.9,545.4,M,46.9,M,,", "at-zero"],
  ["of 0 satellites", "GNGGA,120007.00,4807.0380,N,01131.0000,E,1,00,0.9,545.4,M,46.9,M,,", "no-satellites"],
])("a fix %s is none", (_, gga, falseFix) => {
  const [reading] = decode(sentences(gga, "GNVTG,90.0,T,,M,19.4,N,36.0,K,A"));
  expect(reading).toMatchObject({ mode: 1, falseFix });
  expect([reading?.latDeg, reading?.altMslM, reading?.groundSpeedMps]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a fix whose satellites only GSA names is one", () => {
  const gga = "GNGGA,120007.00,4807.0380,N,01131.0000,E,1,00,0.9,545.4,M,46.9,M,,";
  expect(decode(sentences(gga, "GNGSA,A,3,04,05,09,12,,,,,,,,,1.8,0.9,1.5"))[0]).toMatchObject({
    ...{ mode: 3, satellitesUsed: 4 },
  });
});

test("GGA of each system, of which one has no satellites, is one fix", () => {
  const [, gga = ""] = fixAt("120007");
  const galileo = gga.replace("GNGGA", "GAGGA").replace(",09,", ",00,");
  expect(decode(sentences(gga, galileo))).toMatchObject([{ mode: 3, satellitesUsed: 9 }]);
});

test("what a receiver without a fix says of its place refuses no sentence", () => {
  const decoder = new NmeaDecoder(new ManualClock(NOON_MS));
  const mtk = [
    "GPRMC,071733.929,V,8960.0000,N,00000.0000,E,0.00,0.00,111111,,,N",
    "GPGLL,8960.0000,N,00000.0000,E,071733.929,V",
  ];
  const gga = "GPGGA,071733.929,8960.0000,N,00000.0000,E,0,0,,137.0,M,13.0,M,,";
  expect(
    [...decoder.push(bytesOf(sentences(...mtk, gga))), ...decoder.flush()].map(({ mode }) => mode),
  ).toEqual([1]);
  expect(decoder.counts.badFrames).toBe(0);
});

test("a date 1024 weeks back is put right, and told", () => {
  const back = fixAt("120007").map((body) => body.replace("010326", "160706"));
  const [reading] = decode(sentences(...back));
  expect(reading).toMatchObject({ timeMs: NOON_MS + 7000, weekRollovers: 1 });
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
