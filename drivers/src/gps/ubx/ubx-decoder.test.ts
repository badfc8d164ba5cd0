import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { bytesOf, epochText, sentence } from "../../../test/nmea-text.ts";
import type { RfBlock } from "../gps-reading.ts";
import { encodeUbx } from "./encode.ts";
import { concat, epochBytes, NOON_MS, pvtAt } from "./test-receiver.ts";
import { UbxDecoder } from "./ubx-decoder.ts";
import { encodeUbxFrame } from "./ubx-frame.ts";

function decoderAt(nowMs = NOON_MS) {
  const clock = new ManualClock(nowMs);
  return { clock, decoder: new UbxDecoder({ clock }) };
}

function decode(...parts: Uint8Array[]) {
  const { decoder } = decoderAt();
  return [...decoder.push(concat(parts)), ...decoder.flush()];
}

const block: RfBlock = {
  id: 0,
  antenna: "ok",
  antennaPower: "on",
  jamming: "none",
  jammingIndicator: 4,
  noisePerMs: 90,
  agcRatio: 0.5,
};
const { towMs } = pvtAt(0);
const status = encodeUbx({
  kind: "nav-status",
  towMs,
  fixType: 3,
  fixOk: true,
  weekValid: true,
  towValid: true,
  spoofing: "indicated",
  timeToFirstFixMs: 1000,
  sinceStartMs: 2000,
});

describe("an epoch", () => {
  test("brings together solution, sky, clock, interference and leap seconds", () => {
    const satellites = [
      { system: "G" as const, id: 4, elevationDeg: 40, azimuthDeg: 83, cn0DbHz: 46, used: true },
      { system: "E" as const, id: 11, elevationDeg: 10, azimuthDeg: 200, used: false },
    ];
    const [reading] = decode(
      encodeUbx({ kind: "nav-sat", towMs, satellites }),
      status,
      encodeUbx({ kind: "nav-timels", towMs, leapSeconds: 18 }),
      encodeUbx({
        kind: "mon-rf",
        blocks: [block, { ...block, id: 1, antenna: "open", jammingIndicator: 70 }],
      }),
      encodeUbx({ kind: "sec-sig", jamming: "warning", spoofing: "affirmed", bands: [] }),
      encodeUbx({ kind: "tim-tp", pulseTowMs: 1, week: 2400, timeBase: "utc", quantisationErrorPs: -1234 }),
      epochBytes(0),
    );
    expect(reading).toMatchObject({
      kind: "gps",
      atMs: NOON_MS,
      timeMs: NOON_MS,
      mode: 3,
      latDeg: 48.1173,
      lonDeg: 11.5166667,
      altHaeM: 592.3,
      altMslM: 545.4,
      satellitesUsed: 9,
      satellites,
      horizontalErrorM: 1.25,
      verticalErrorM: 2.5,
      groundSpeedMps: 0.022,
      climbMps: -0.03,
      leapSeconds: 18,
      timePulseErrorPs: -1234,
      antenna: "open",
      antennaPower: "on",
      jamming: "warning",
      jammingIndicator: 70,
      spoofing: "affirmed",
    });
    expect(reading).not.toHaveProperty("timeOnly");
    expect(reading?.rfBlocks?.map(({ antenna }) => antenna)).toEqual(["ok", "open"]);
  });

  test("is told at its end when the receiver says so, else when the next one begins", () => {
    const { decoder } = decoderAt();
    expect(decoder.push(epochBytes(0)).length).toBe(1);
    expect(decoder.push(encodeUbx(pvtAt(1))).length).toBe(0);
    expect(decoder.push(encodeUbx(pvtAt(2))).length).toBe(1);
    expect(decoder.flush().length).toBe(1);
    expect(decoder.flush().length).toBe(0);
  });

  test.each([
    ["no fix", { fixType: 0 }],
    ["dead reckoning", { fixType: 1 }],
    ["a fix beyond the error limits", { fixOk: false }],
  ] as const)("%s has no position, no height and no speed", (_, change) => {
    const [reading] = decode(encodeUbx({ ...pvtAt(0), ...change }));
    expect(reading).toMatchObject({ mode: 1, timeMs: NOON_MS });
    for (const name of ["latDeg", "lonDeg", "altMslM", "altHaeM", "groundSpeedMps", "horizontalErrorM"]) {
      expect(reading).not.toHaveProperty(name);
    }
  });

  test("what the receiver computed and calls invalid is told apart from a fix", () => {
    const [reading] = decode(encodeUbx({ ...pvtAt(0), fixOk: false }));
    expect(reading?.rejectedFix).toMatchObject({ mode: 3, latDeg: 48.1173, lonDeg: 11.5166667 });
    for (const change of [{ fixType: 0 }, { fixType: 1 }] as const) {
      const [none] = decode(encodeUbx({ ...pvtAt(0), ...change, fixOk: false }));
      expect(none).not.toHaveProperty("rejectedFix");
    }
    expect(decode(encodeUbx(pvtAt(0)))[0]).not.toHaveProperty("rejectedFix");
  });

  test.each([
    ["at 0, 0", { latDeg: 0, lonDeg: 0 }, "at-zero"],
    ["of no satellites", { satellitesUsed: 0 }, "no-satellites"],
  ] as const)("%s is no fix", (_, change, falseFix) => {
    const [reading] = decode(encodeUbx({ ...pvtAt(0), ...change }));
    expect(reading).toMatchObject({ mode: 1, falseFix });
    for (const name of ["latDeg", "altMslM", "groundSpeedMps"]) expect(reading).not.toHaveProperty(name);
  });

  test("of a receiver 1024 weeks back has the right time, and says so", () => {
    const pvt = pvtAt(0);
    const dayMs = (pvt.utc?.dayMs ?? 0) - 1024 * 7 * 86_400_000;
    const [reading] = decode(encodeUbx({ ...pvt, utc: { dayMs, timeOfDayMs: 43_200_000 } }));
    expect(reading).toMatchObject({ timeMs: NOON_MS, weekRollovers: 1 });
  });

  test("of two dimensions has no height", () => {
    const [reading] = decode(encodeUbx({ ...pvtAt(0), fixType: 2 }));
    expect(reading).toMatchObject({ mode: 2, latDeg: 48.1173 });
    expect(reading?.altMslM).toBeUndefined();
    expect(reading?.altHaeM).toBeUndefined();
  });

  test("of a receiver that holds a known position says so", () => {
    expect(decode(encodeUbx({ ...pvtAt(0), fixType: 5 }))[0]).toMatchObject({ mode: 3, timeOnly: true });
  });

  test("has no time before the receiver is sure of it", () => {
    const { utc: _, ...timeless } = pvtAt(0);
    expect(decode(encodeUbx(timeless))[0]).not.toHaveProperty("timeMs");
  });

  test("a date before the week rollover is brought forward", () => {
    const dayMs = Date.UTC(2026, 2, 1) - 1024 * 7 * 86_400_000;
    const old = { ...pvtAt(0), utc: { dayMs, timeOfDayMs: 43_200_000 } };
    expect(decode(encodeUbx(old))[0]?.timeMs).toBe(NOON_MS);
  });

  test("NAV-POSLLH and NAV-STATUS are a solution together, and neither is one alone", () => {
    const { latDeg, lonDeg, altHaeM, altMslM } = pvtAt(0);
    const place = encodeUbx({ kind: "nav-posllh", towMs, latDeg, lonDeg, altHaeM, altMslM });
    expect(decode(place)).toEqual([]);
    expect(decode(status)).toEqual([]);
    expect(decode(place, status)[0]).toMatchObject({ mode: 3, latDeg, altMslM, spoofing: "indicated" });
  });
});

describe("state that is told once in a while", () => {
  test("holds for a minute and no longer", async () => {
    const { clock, decoder } = decoderAt();
    decoder.push(encodeUbx({ kind: "mon-rf", blocks: [block] }));
    await clock.advance(60_000);
    expect(decoder.push(epochBytes(60))[0]).toMatchObject({ antenna: "ok", jammingIndicator: 4 });
    // Whatever the host's clock is set to meanwhile.
    clock.stepWall(90 * 86_400_000);
    expect(decoder.push(epochBytes(60))[0]).toMatchObject({ antenna: "ok" });
    clock.stepWall(-99 * 86_400_000);
    await clock.advance(1);
    expect(decoder.push(epochBytes(61))[0]).not.toHaveProperty("antenna");
  });
});

describe("UBX beside NMEA", () => {
  test("tells each epoch once, whichever comes first", () => {
    const { decoder } = decoderAt();
    const nmeaFirst = [0, 1, 2, 3].flatMap((second) => [bytesOf(epochText(second)), epochBytes(second)]);
    const times = decoder.push(concat(nmeaFirst)).map(({ timeMs = 0 }) => (timeMs - NOON_MS) / 1000);
    expect(times).toEqual([0, 1, 2, 3]);
    expect(decoder.flush()).toEqual([]);
  });

  test("takes the satellites of NMEA as long as UBX tells none", () => {
    const { decoder } = decoderAt();
    const [, second] = decoder.push(
      concat([bytesOf(epochText(0)), epochBytes(0), bytesOf(epochText(1)), epochBytes(1)]),
    );
    expect(second?.satellites.length).toBe(5);
    expect(second?.horizontalErrorM).toBe(1.25);
  });

  test("gives way to NMEA ten seconds after UBX has ended", async () => {
    const { clock, decoder } = decoderAt();
    decoder.push(epochBytes(0));
    expect(decoder.push(bytesOf(epochText(9) + epochText(10))).length).toBe(0);
    await clock.advance(10_001);
    expect(decoder.push(bytesOf(epochText(11))).length).toBe(1);
  });

  test("completes readings of NMEA by the state of the receiver", () => {
    const monitor = encodeUbx({
      kind: "mon-rf",
      blocks: [{ ...block, antenna: "short", jamming: "critical" }],
    });
    const [reading] = decode(status, monitor, bytesOf(epochText(7)));
    expect(reading).toMatchObject({
      timeMs: NOON_MS + 7000,
      antenna: "short",
      jamming: "critical",
      spoofing: "indicated",
    });
    expect(decode(status, monitor, bytesOf(epochText(7))).length).toBe(1);
  });

  test("a sentence about the antenna counts", () => {
    const text = sentence("GNTXT,01,01,02,ANTSTATUS=OPEN");
    const [, second] = decode(
      bytesOf(text + epochText(0)),
      epochBytes(0),
      bytesOf(text + epochText(1)),
      epochBytes(1),
    );
    expect(second?.antenna).toBe("open");
  });
});

describe("counts", () => {
  test("frames of every kind, refused ones, and bytes between them", () => {
    const { decoder } = decoderAt();
    const unread = encodeUbxFrame({ messageClass: 0x02, id: 0x15, payload: new Uint8Array(32) });
    const tooShort = encodeUbxFrame({ messageClass: 0x01, id: 0x07, payload: new Uint8Array(10) });
    const damaged = epochBytes(0)
      .subarray(0, 100)
      .map((byte, at) => (at === 50 ? byte ^ 1 : byte));
    decoder.push(concat([unread, tooShort, damaged, bytesOf(sentence("GNGLL,,,,,120000.00,V,N"))]));
    decoder.flush();
    expect(decoder.counts).toMatchObject({ frames: 2, badFrames: 2 });
    expect(decoder.counts.garbageBytes).toBeGreaterThan(90);
  });

  test("any bytes: no throw, and the next good epoch is told", () => {
    const start = fc.constantFrom("b562010700", "b5620135", "d300ff", "24474e524d43", "b562ffff0010", "");
    const noise = fc
      .tuple(start, fc.uint8Array({ maxLength: 300 }))
      .map(([hex, rest]) => concat([Uint8Array.fromHex(hex.length % 2 ? `${hex}0` : hex), rest]));
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 6 }), (parts) => {
        const readings = decode(...parts, epochBytes(5));
        expect(readings.at(-1)?.timeMs).toBe(NOON_MS + 5000);
      }),
      { numRuns: 500 },
    );
  });
});
