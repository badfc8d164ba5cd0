import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  ageText,
  bytesText,
  coordinates,
  duration,
  gapsBetween,
  grouped,
  measurement,
  metres,
  reasonText,
  runs,
  short,
} from "./format.js";

/** Thin spaces and the minus sign are for the eye. */
const plain = (text) => text.replaceAll("\u202f", " ").replaceAll("\u2212", "-");

test("digits are grouped from the right, at any length", () => {
  expect(plain(grouped(999))).toBe("999");
  expect(plain(grouped(-1234567))).toBe("-1 234 567");
  expect(plain(grouped("1000000000000000000001"))).toBe("1 000 000 000 000 000 000 001");
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (value) => {
      const text = plain(grouped(value));
      expect(text.replaceAll(" ", "")).toBe(String(value));
      expect(text).toMatch(/^-?\d{1,3}( \d{3})*$/);
    }),
  );
});

test("ages use the largest unit that fits and never go below zero", () => {
  expect(ageText(-5000)).toBe("just now");
  expect(plain(ageText(59_999))).toBe("59 s ago");
  expect(plain(ageText(60_000))).toBe("1 min ago");
  expect(plain(duration(7_200_000))).toBe("2 h");
  expect(plain(duration(3 * 86_400_000))).toBe("3 d");
  expect(plain(duration(-1))).toBe("0 s");
});

test("measurements carry the unit that their name ends with", () => {
  const cases = [
    ["rssiDbm", -41, "RSSI -41 dBm"],
    ["boundDdbm", -570, "limit -57.0 dBm"],
    ["distanceM", 508, "distance 508 m"],
    ["maxDistanceM", 100_000, "max distance 100 km"],
    ["lateMs", 4200, "late 4.2 s"],
    ["offsetHz", -200_000, "offset -200.0 kHz"],
    ["derivedFreqHz", 868_100_000, "derived frequency 868.100 MHz"],
    ["spreadingFactor", 12, "spreading factor 12"],
    ["eirpDdbm", 161, "EIRP 16.1 dBm"],
    ["entropyIndex", 29_538_865, "entropy index 29 538 865"],
  ];
  for (const [name, value, text] of cases) expect(plain(measurement({ name, value }))).toBe(text);
});

test("reasons become words", () => {
  expect(reasonText("rssi_above_free_space")).toBe("RSSI above free space");
  expect(reasonText("ok")).toBe("paid");
});

test("lengths, sizes, places and ids are short", () => {
  expect(plain(metres(999))).toBe("999 m");
  expect(plain(metres(1000))).toBe("1 km");
  expect(plain(metres(2340))).toBe("2.3 km");
  expect(plain(bytesText(190_000))).toBe("190.0 kB");
  expect(coordinates(45.1885, -5.7245)).toBe("45.18850° N, 5.72450° W");
  expect(short("0123456789abcdef", 4, 2)).toBe("0123…ef");
  expect(short("short")).toBe("short");
});

test("gaps lie between ranges", () => {
  const ranges = [
    { first: 1, last: 3 },
    { first: 5, last: 5 },
    { first: 9, last: 12 },
  ];
  expect(gapsBetween(ranges)).toEqual([
    { first: 4, last: 4 },
    { first: 6, last: 8 },
  ]);
  expect(runs(gapsBetween(ranges))).toBe("4, 6–8");
  expect(gapsBetween([])).toEqual([]);
});
