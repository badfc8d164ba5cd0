import { expect, test } from "bun:test";
import { formatDuration, formatMagnitude, formatSeconds, formatTenths } from "./format-measurement.ts";

test("seconds with one decimal", () => {
  expect([0, 1500, 190_000, -2000, undefined].map((ms) => formatSeconds(ms))).toEqual([
    "0.0 s",
    "1.5 s",
    "190.0 s",
    "-2.0 s",
    "0.0 s",
  ]);
});

test("tenths without a decimal of zero", () => {
  expect([171, 160, -205, 0, undefined].map((value) => formatTenths(value))).toEqual([
    "17.1",
    "16",
    "-20.5",
    "0",
    "0",
  ]);
  expect([-205, 205].map((value) => formatMagnitude(value))).toEqual(["20.5", "20.5"]);
});

test("durations in the unit that fits, never too short", () => {
  expect([1, 61_000, 120_001, 3_600_000, 7_200_001, 86_400_000].map((ms) => formatDuration(ms))).toEqual([
    "1 s",
    "61 s",
    "3 min",
    "60 min",
    "3 h",
    "24 h",
  ]);
  expect(formatDuration()).toBe("0 s");
});
