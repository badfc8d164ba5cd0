import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type MsmTime, msmTime, msmUnixMs } from "./msm-time.ts";

/** The first epoch of the recording, of four constellations: 2019-10-17 (a Thursday), 08:13:29.001 UTC. */
const EPOCH_MS = Date.UTC(2019, 9, 17, 8, 13, 29, 1);
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

const unixMs = (scale: MsmTime["scale"], bits30: number, nearMs: number) => {
  const time = msmTime(scale, bits30);
  return time && msmUnixMs(time, nearMs);
};

describe("one epoch has one time, whatever constellation tells it", () => {
  test.each([
    ["gps-week", 375_227_001],
    ["glonass-day", 577_279_913],
    ["beidou-week", 375_213_001],
  ] as const)("%s", (scale, bits30) => {
    for (const offMs of [0, DAY_MS, -DAY_MS, 3.4 * DAY_MS, -3.4 * DAY_MS]) {
      expect(unixMs(scale, bits30, EPOCH_MS + offMs)).toBe(EPOCH_MS);
    }
    expect(unixMs(scale, bits30, EPOCH_MS + WEEK_MS)).toBe(EPOCH_MS + WEEK_MS);
  });
});

test("a GLONASS time of an unknown day is put into the nearest one", () => {
  const dayMs = 577_279_913 % 2 ** 27;
  const unknown = 7 * 2 ** 27 + dayMs;
  expect(unixMs("glonass-day", unknown, EPOCH_MS + DAY_MS / 2 - 1)).toBe(EPOCH_MS);
  expect(unixMs("glonass-day", unknown, EPOCH_MS + DAY_MS / 2 + 1)).toBe(EPOCH_MS + DAY_MS);
});

test("Moscow is in the next day, and week, from 21:00 UTC", () => {
  const sunday = Date.UTC(2026, 10, 22);
  expect(unixMs("glonass-day", 0, sunday)).toBe(sunday - 3 * 3_600_000);
  expect(unixMs("glonass-day", 6 * 2 ** 27 + DAY_MS - 1, sunday)).toBe(sunday - 3 * 3_600_000 - 1);
});

test("the week begins on Saturday 23:59:42 UTC for GPS, 14 s later for BeiDou", () => {
  const sunday = Date.UTC(2026, 10, 22);
  expect(unixMs("gps-week", 0, sunday)).toBe(sunday - 18_000);
  expect(unixMs("beidou-week", 0, sunday)).toBe(sunday - 4000);
});

test("times that no week or day has are refused; a leap second is in its day", () => {
  expect(msmTime("gps-week", WEEK_MS)).toBeUndefined();
  expect(msmTime("beidou-week", 2 ** 30 - 1)).toBeUndefined();
  expect(msmTime("glonass-day", DAY_MS + 1000)).toBeUndefined();
  expect(msmTime("glonass-day", DAY_MS + 999)).toEqual({ scale: "glonass-day", day: 0, dayMs: DAY_MS + 999 });
});

test("is never farther from the host's time than half a week", () => {
  const scale = fc.constantFrom("gps-week", "glonass-day", "beidou-week");
  fc.assert(
    fc.property(scale, fc.nat(2 ** 30 - 1), fc.date({ noInvalidDate: true }), (of, bits30, host) => {
      const found = unixMs(of, bits30, host.getTime());
      if (found !== undefined) expect(Math.abs(found - host.getTime())).toBeLessThanOrEqual(WEEK_MS / 2);
    }),
  );
});
