import { describe, expect, test } from "bun:test";
import type { GpsReading } from "@earshot/drivers";
import { gnssOf } from "./gnss-block.ts";
import { QuantityWindow } from "./quantity-window.ts";

const NOW_MS = Date.UTC(2026, 5, 1);
const READING: GpsReading = {
  kind: "gps",
  atMs: NOW_MS - 1000,
  mode: 3,
  latDeg: 47.36671234,
  lonDeg: -8.55,
  altMslM: 408.6,
  satellitesUsed: 9,
  satellites: [],
  horizontalErrorM: 2.34,
};

describe("the GNSS block", () => {
  test("carries what the receiver reported, in the packet's units", () => {
    expect(gnssOf(READING)).toEqual({
      fixMode: 3,
      satellitesUsed: 9,
      latE7: 473_667_123,
      lonE7: -85_500_000,
      altitudeM: 409,
      horizontalErrorDm: 23,
      integrityFlags: 0,
    });
  });

  test("is absent without a reading", () => {
    expect(gnssOf(undefined)).toBeNull();
  });

  test("has no position without a fix, and flags a bad antenna", () => {
    expect(gnssOf({ ...READING, mode: 1, antenna: "open" })).toEqual({
      fixMode: 1,
      satellitesUsed: 9,
      latE7: null,
      lonE7: null,
      altitudeM: null,
      horizontalErrorDm: null,
      integrityFlags: 1,
    });
  });

  test.each([
    [{ jamming: "none", spoofing: "none", antenna: "ok" }, 0],
    [{ jamming: "warning" }, 0],
    [{ jamming: "critical" }, 2],
    [{ spoofing: "indicated" }, 4],
    [{ spoofing: "affirmed" }, 4],
    [{ antenna: "short", jamming: "critical", spoofing: "affirmed" }, 7],
  ] as const)("tells of what the receiver says of itself: %p", (said, integrityFlags) => {
    expect(gnssOf({ ...READING, ...said })).toMatchObject({ integrityFlags, fixMode: 3 });
  });

  test("of a receiver that only keeps time has no position", () => {
    expect(gnssOf({ ...READING, timeOnly: true })).toMatchObject({
      fixMode: 0,
      latE7: null,
      lonE7: null,
      horizontalErrorDm: null,
    });
  });

  test("clamps what does not fit into a packet, and counts satellites itself where the receiver does not", () => {
    const { satellitesUsed: _, ...reading } = READING;
    const satellites = [
      { system: "G", id: 1, used: true },
      { system: "G", id: 2 },
    ] as const;
    const extreme = { ...reading, satellites, altMslM: 90_000, horizontalErrorM: 1e6 };
    expect(gnssOf(extreme)).toMatchObject({
      satellitesUsed: 1,
      altitudeM: 20_000,
      horizontalErrorDm: 65_535,
    });
  });
});

test("a quantity is summarised, and the next period starts", () => {
  const window = new QuantityWindow("cn0_db_hz");
  expect(window.flush()).toBeUndefined();
  for (const value of [40, 33.3, Number.NaN, 45.55]) window.add(value);
  expect(window.flush()).toEqual({
    name: "cn0_db_hz",
    exponent: -1,
    min: 333,
    mean: 396,
    max: 456,
    count: 3,
  });
  expect(window.flush()).toBeUndefined();
});

test("the mean of equal values is that value, whatever floating point makes of their sum", () => {
  const window = new QuantityWindow("voltage_v");
  for (let i = 0; i < 3; i++) window.add(0.1);
  const { exponent = 0, ...told } = window.flush() ?? {};
  const scaled = Math.round(0.1 * 10 ** -exponent);
  expect(told).toMatchObject({ min: scaled, mean: scaled, max: scaled, count: 3 });
});

describe("a direction", () => {
  const told = (...values: number[]) => {
    const window = new QuantityWindow("wind_direction_deg");
    for (const value of values) window.add(value);
    return window.flush();
  };

  test("that is steady is summarised as it is, whichever it is", () => {
    for (let tenths = 0; tenths <= 3600; tenths++) {
      const degrees = Math.round(tenths / 10);
      expect(told(...new Array(5).fill(tenths / 10))).toMatchObject({
        min: degrees,
        mean: degrees,
        max: degrees,
      });
    }
  });

  test("that turns is summarised from where to where, also through north", () => {
    expect(told(80, 90, 100)).toMatchObject({ min: 80, mean: 90, max: 100 });
    expect(told(350, 20)).toMatchObject({ min: 0, mean: 5, max: 360 });
    expect(told(340, 10)).toMatchObject({ min: 0, mean: 355, max: 360 });
  });
});

test("values that do not fit into a packet are counted, not swallowed", () => {
  const unusable: number[] = [];
  const window = new QuantityWindow("voltage_v", (count) => unusable.push(count));
  expect(window.flush()).toBeUndefined();
  window.add(Number.NaN);
  for (let i = 0; i < 3; i++) window.add(1e300);
  expect(window.flush()).toBeUndefined();
  expect(unusable).toEqual([1, 3]);
});
