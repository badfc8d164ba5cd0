import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { driverContract } from "../testing/driver-contract.ts";
import { MemoryLink } from "../testing/memory-link.ts";
import { GpsdDecoder, MAX_GPSD_LINE_BYTES, openGpsd } from "./gpsd.ts";

const NOW_MS = Date.UTC(2026, 2, 1, 12);
const CAPACITY = 16;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const lines = (...objects: object[]) => objects.map((object) => `${JSON.stringify(object)}\r\n`).join("");

const TPV = {
  class: "TPV",
  device: "/dev/pts/1",
  mode: 3,
  time: "2026-03-01T12:00:00.250Z",
  lat: -45.877567167,
  lon: 170.500111333,
  altHAE: 16,
  altMSL: 14.2,
  epx: 3,
  epy: 4,
  epv: 19.09,
};
const SKY = {
  class: "SKY",
  device: "/dev/pts/1",
  hdop: 0.64,
  vdop: 0.83,
  pdop: 1.05,
  uSat: 2,
  satellites: [
    { PRN: 5, gnssid: 0, svid: 5, az: 110, el: 6, ss: 19, used: true, sigid: 0 },
    { PRN: 5, gnssid: 0, svid: 5, az: 110, el: 6, ss: 23, used: false, sigid: 6 },
    { PRN: 65, gnssid: 6, svid: 1, az: 144, el: 53, ss: 0, used: false },
  ],
};

test("a clock that is set keeps nothing for ever, and takes nothing away", async () => {
  for (const stepMs of [-60 * 86_400_000, 60 * 86_400_000]) {
    const clock = new ManualClock(NOW_MS);
    const decoder = new GpsdDecoder({ clock });
    const take = (...objects: object[]) => decoder.push(bytesOf(lines(...objects)));
    take(SKY, TPV);
    clock.stepWall(stepMs);
    expect(take(TPV)[0]?.satellites).toHaveLength(2);
    // A fix that is gone is reported once those with one have stopped.
    expect(take({ ...TPV, mode: 0 })).toEqual([]);
    await clock.advance(11_000);
    expect(take({ ...TPV, mode: 0 })).toMatchObject([{ mode: 0 }]);
    await clock.advance(60_000);
    expect(take(TPV)[0]?.satellites).toEqual([]);
  }
});

driverContract("openGpsd", {
  capacity: CAPACITY,
  maxFrameBytes: MAX_GPSD_LINE_BYTES,
  async open() {
    const link = new MemoryLink();
    const driver = openGpsd(link, { clock: new ManualClock(NOW_MS), capacity: CAPACITY });
    let second = 0;
    const reports = (count: number) => {
      const times = Array.from({ length: count }, () => new Date(NOW_MS + 1000 * second++).toISOString());
      return bytesOf(times.map((time) => lines(SKY, { ...TPV, time })).join(""));
    };
    const feed = (bytes: Uint8Array, pieceBytes = bytes.length) => {
      link.pushSplit(bytes, pieceBytes);
      return link.drained();
    };
    return {
      driver,
      feedGood: (count) => feed(reports(count)),
      feedGarbage: () => feed(bytesOf(`not json\n[1]\n{"no":"class"}\n{"class":"TPV"`.concat("\n"))),
      feedSplit: (count, pieceBytes) => feed(reports(count), pieceBytes),
      feedFlood: (bytes) => feed(bytesOf(`{"class":"SKY",${" ".repeat(bytes - 15)}`), 4096),
      lose: () => link.lose(),
      linkCloses: () => link.closeCalls,
    };
  },
});

function decode(text: string, device?: string) {
  const decoder = new GpsdDecoder({ clock: new ManualClock(NOW_MS), device });
  return { readings: decoder.push(bytesOf(text)), counts: decoder.counts };
}

test("asks gpsd for JSON reports as soon as the link is open", async () => {
  const link = new MemoryLink();
  await using _ = openGpsd(link, { clock: new ManualClock(NOW_MS) });
  await link.drained();
  expect(link.written.map((bytes) => new TextDecoder().decode(bytes))).toEqual([
    '?WATCH={"enable":true,"json":true,"pps":true};\n',
  ]);
});

test("gpsd's own state: what it is, and which devices it has", () => {
  const decoder = new GpsdDecoder({ clock: new ManualClock(NOW_MS) });
  const after = (...objects: object[]) => {
    decoder.push(bytesOf(lines(...objects)));
    return decoder.state;
  };
  expect(after()).toEqual({});
  expect(after({ class: "VERSION", release: "3.22" })).toEqual({ release: "3.22" });
  expect(after({ class: "DEVICES", devices: [] })).toEqual({ release: "3.22", devices: [] });
  const [tty, usb] = ["/dev/ttyS0", "/dev/ttyACM0"];
  const reported = [
    { class: "DEVICE", path: tty },
    { path: usb, activated: "2026-03-01T12:00:00Z" },
    7,
    null,
  ];
  expect(after({ class: "DEVICES", devices: reported }).devices).toEqual([
    { path: tty, isOpen: false },
    { path: usb, isOpen: true },
  ]);
  expect(after({ class: "DEVICE", path: usb, activated: 0 }).devices?.at(-1)).toEqual({
    ...{ path: usb, isOpen: false },
  });
  for (let more = 0; more < 100; more += 1) after({ class: "DEVICE", path: `/dev/${more}` });
  expect(after().devices?.length).toBe(8);
});

describe("a reading", () => {
  test("brings together TPV and the latest SKY", () => {
    expect(decode(lines(SKY, TPV)).readings).toEqual([
      {
        kind: "gps",
        atMs: NOW_MS,
        timeMs: Date.UTC(2026, 2, 1, 12, 0, 0, 250),
        mode: 3,
        latDeg: -45.877567167,
        lonDeg: 170.500111333,
        altMslM: 14.2,
        altHaeM: 16,
        horizontalErrorM: 5,
        verticalErrorM: 19.09,
        satellitesUsed: 2,
        satellites: [
          { system: "G", id: 5, elevationDeg: 6, azimuthDeg: 110, cn0DbHz: 23, used: true },
          { system: "R", id: 1, elevationDeg: 53, azimuthDeg: 144, used: false },
        ],
        hdop: 0.64,
        vdop: 0.83,
        pdop: 1.05,
      },
    ]);
  });

  test("leaves out what gpsd leaves out", () => {
    expect(decode(lines({ class: "TPV", mode: 1 })).readings).toEqual([
      { kind: "gps", atMs: NOW_MS, mode: 1, satellites: [] },
    ]);
  });

  test("keeps the satellites when a SKY tells dilution only, and drops dilution it does not repeat", () => {
    const { readings } = decode(lines(SKY, { class: "SKY", device: SKY.device, hdop: 2 }, TPV));
    expect(readings[0]).toMatchObject({ hdop: 2, satellites: [{ id: 5 }, { id: 1 }] });
    expect(readings[0]?.pdop).toBeUndefined();
  });

  test("takes no satellites of another device, and only the device asked for", () => {
    const other = { ...TPV, device: "/dev/pts/2" };
    expect(decode(lines(SKY, other)).readings[0]?.satellites).toEqual([]);
    expect(decode(lines(SKY, other, TPV), "/dev/pts/1").readings.length).toBe(1);
  });

  test("has no position that no satellite gave, or out of range", () => {
    for (const wrong of [{ status: 5 }, { status: 8 }, { mode: 1 }, { lat: 91 }, { lon: "7" }, { mode: 9 }]) {
      expect(decode(lines({ ...TPV, ...wrong })).readings[0]?.latDeg).toBeUndefined();
    }
  });

  test.each([
    ["at 0, 0", SKY, { lat: 0, lon: 0 }, "at-zero"],
    ["of no satellites", { ...SKY, uSat: 0 }, {}, "no-satellites"],
    ["of satellites that are all unused", { ...SKY, uSat: undefined, satellites: [] }, {}, "no-satellites"],
  ] as const)("%s is no fix", (_, sky, change, falseFix) => {
    const { readings } = decode(lines(sky, { ...TPV, ...change, speed: 3 }));
    expect(readings[0]).toMatchObject({ mode: 1, falseFix });
    for (const name of ["latDeg", "altMslM", "groundSpeedMps"]) expect(readings[0]).not.toHaveProperty(name);
  });

  test("has the right time of a date that is rollovers away, and says so", () => {
    const backS = 1024 * 7 * 86_400;
    const reported = (rollovers: number) => new Date(NOW_MS - rollovers * backS * 1000).toISOString();
    for (const weekRollovers of [1, 2, -1]) {
      const [reading] = decode(lines(SKY, { ...TPV, time: reported(weekRollovers) })).readings;
      expect(reading).toMatchObject({ timeMs: NOW_MS, weekRollovers });
    }
    const real = { real_sec: NOW_MS / 1000 - backS, real_nsec: 0 };
    const toff = { class: "TOFF", device: TPV.device, ...real, clock_sec: NOW_MS / 1000, clock_nsec: 1e8 };
    expect(decode(lines(toff, TPV)).readings[0]?.hostClockOffsetNs).toBe(1e8);
    const [undated] = decode(lines(SKY, { ...TPV, time: undefined })).readings;
    expect([undated?.mode, undated?.timeMs, undated?.weekRollovers]).toEqual([3, undefined, undefined]);
  });

  test("tells the antenna when gpsd does, and old gpsd's height and satellite numbers", () => {
    const antennas = [0, 1, 2, 3, 4, "2"].map((ant) => decode(lines({ ...TPV, ant })).readings[0]?.antenna);
    expect(antennas).toEqual([undefined, "ok", "short", "open", undefined, undefined]);
    expect(decode(lines({ ...TPV, altMSL: undefined, alt: 7 })).readings[0]?.altMslM).toBe(7);
    const old = { class: "SKY", device: TPV.device, satellites: [{ PRN: 66, ss: 30, used: true }] };
    expect(decode(lines(old, TPV)).readings[0]).toMatchObject({ satellites: [{ system: "R", id: 2 }] });
  });
});

describe("what comes between the fixes", () => {
  const device = TPV.device;
  const STATE = { class: "TPV", device, mode: 0, ant: 3, antPwr: 2, jam: 5 };

  test("a TPV of mode 0 that only tells of antenna and jamming takes no fix away", () => {
    const { readings, counts } = decode(lines(TPV, STATE, { ...TPV, leapseconds: 18 }, TPV));
    expect(readings.map(({ mode }) => mode)).toEqual([3, 3, 3]);
    expect(readings[0]?.antenna).toBeUndefined();
    const reported = { antenna: "open", antennaPower: "on", jammingIndicator: 5, leapSeconds: 18 };
    expect(readings.slice(1)).toMatchObject([reported, reported]);
    expect(counts.frames).toBe(4);
  });

  test("a receiver that has told no mode yet makes readings of mode 0", () => {
    expect(decode(lines(STATE, STATE)).readings).toMatchObject([
      { mode: 0, antenna: "open" },
      { mode: 0, jammingIndicator: 5 },
    ]);
  });

  test("state is forgotten when it is told no more", async () => {
    const clock = new ManualClock(NOW_MS);
    const decoder = new GpsdDecoder({ clock });
    decoder.push(bytesOf(lines(STATE)));
    expect(decoder.push(bytesOf(lines(TPV)))[0]?.antenna).toBe("open");
    await clock.advance(61_000);
    expect(decoder.push(bytesOf(lines(TPV)))[0]?.antenna).toBeUndefined();
  });

  test("neither a clock that is set forward makes it stale, nor one that is set back keeps it", async () => {
    const clock = new ManualClock(NOW_MS);
    const decoder = new GpsdDecoder({ clock });
    const reading = () => decoder.push(bytesOf(lines(TPV)))[0];
    decoder.push(bytesOf(lines(SKY, STATE)));
    clock.stepWall(60 * 86_400_000);
    expect([reading()?.antenna, reading()?.satellitesUsed]).toEqual(["open", 2]);
    clock.stepWall(-90 * 86_400_000);
    await clock.advance(61_000);
    expect([reading()?.antenna, reading()?.satellitesUsed]).toEqual([undefined, undefined]);
  });

  test("PPS tells the host's clock against GNSS time, TOFF only where there is no pulse", () => {
    const real = { device, real_sec: 1_772_366_400, real_nsec: 0 };
    const toff = { class: "TOFF", ...real, clock_sec: 1_772_366_400, clock_nsec: 120_000_000 };
    const pps = { class: "PPS", ...real, clock_sec: 1_772_366_399, clock_nsec: 999_987_000, qErr: -4331 };
    const by = (...reports: object[]) => decode(lines(...reports, TPV)).readings[0];
    expect(by(toff)).toMatchObject({ hostClockOffsetNs: 120_000_000, hostClockOffsetBy: "message" });
    const pulse = { hostClockOffsetNs: -13_000, hostClockOffsetBy: "pulse", timePulseErrorPs: -4331 };
    expect(by(toff, pps)).toMatchObject(pulse);
    expect(by(pps, toff)).toMatchObject(pulse);
    expect(by({ ...pps, device: "/dev/pts/2" })?.hostClockOffsetNs).toBeUndefined();
    expect(by({ ...pps, clock_nsec: "soon" })?.hostClockOffsetNs).toBeUndefined();
  });

  test("a position that was surveyed before is told as such; speed and times come along", () => {
    const tpv = {
      ...TPV,
      status: 7,
      ept: 0.005,
      speed: 0.4,
      climb: -0.1,
      ecefvAcc: 1.05,
      eps: 27.6,
      clockbias: -446_175,
    };
    const reported = {
      timeOnly: true,
      timeErrorNs: 5_000_000,
      groundSpeedMps: 0.4,
      climbMps: -0.1,
      speedErrorMps: 1.05,
    };
    expect(decode(lines(tpv)).readings[0]).toMatchObject({ ...reported, clockBiasNs: -446_175 });
    const noFix = decode(lines({ ...tpv, mode: 1 })).readings[0];
    expect([noFix?.timeOnly, noFix?.groundSpeedMps]).toEqual([undefined, undefined]);
  });

  test("any number of devices takes bounded room", () => {
    const decoder = new GpsdDecoder({ clock: new ManualClock(NOW_MS) });
    for (let i = 0; i < 100; i += 1) decoder.push(bytesOf(lines({ ...SKY, device: `/dev/pts/${i}` })));
    const satellites = (name: string) =>
      decoder.push(bytesOf(lines({ ...TPV, device: name })))[0]?.satellites.length;
    expect([satellites("/dev/pts/99"), satellites("/dev/pts/0")]).toEqual([2, 0]);
  });
});

test("other classes are understood and make no reading; broken lines are counted", () => {
  const { readings, counts } = decode(
    `${lines({ class: "VERSION" }, { class: "ERROR" })}{"class":"TPV\nnull\n${lines(TPV)}`,
  );
  expect(readings.length).toBe(1);
  expect(counts).toEqual({ frames: 3, badFrames: 2, garbageBytes: 0 });
});

test("any JSON in any member throws nothing", () => {
  const anything = fc.dictionary(
    fc.constantFrom(
      "mode",
      "time",
      "lat",
      "lon",
      "epx",
      "ant",
      "antPwr",
      "jam",
      "ept",
      "speed",
      "leapseconds",
      "real_sec",
      "real_nsec",
      "clock_sec",
      "clock_nsec",
      "device",
      "satellites",
      "hdop",
      "uSat",
      "status",
    ),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.constantFrom("TPV", "SKY", "PPS", "TOFF"), anything, (kind, members) => {
      const { counts } = decode(lines({ ...members, class: kind }, TPV));
      expect(counts.frames).toBe(2);
    }),
  );
});
