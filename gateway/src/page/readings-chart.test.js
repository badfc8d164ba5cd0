import { expect, test } from "bun:test";
import { columnsOf, rangeOf, runsOf, spanOf, splitByBounds } from "./readings-chart.js";

const point = (atMs, min, mean, max, periodMs = 10) => ({ atMs, periodMs, min, mean, max });

test("periods gather in columns: smallest, largest, and the mean by length", () => {
  const points = [point(10, 1, 2, 9), point(20, 0, 4, 5), point(50, 3, 3, 3, 30), point(60, 7, 7, 7)];
  const columns = columnsOf(points, 0, 80, 2);
  expect(columns).toEqual([
    { at: 0, min: 0, max: 9, beganMs: 0, endMs: 50, mean: (2 * 10 + 4 * 10 + 3 * 30) / 50 },
    { at: 1, min: 7, max: 7, beganMs: 50, endMs: 60, mean: 7 },
  ]);
});

test("what lies outside of the time shown is left out", () => {
  expect(columnsOf([point(-20, 1, 1, 1), point(200, 1, 1, 1)], 0, 100, 4)).toEqual([]);
});

test("a silence breaks the line", () => {
  const columns = columnsOf(
    [10, 20, 30, 70, 80].map((atMs) => point(atMs, 1, 1, 1)),
    0,
    80,
    8,
  );
  expect(runsOf(columns, 20).map((run) => run.map(({ at }) => at))).toEqual([
    [0, 1, 2],
    [6, 7],
  ]);
  expect(runsOf(columns, 31)).toHaveLength(1);
});

test("a flat line lies in the middle of its range", () => {
  expect(
    rangeOf([
      { min: 1, max: 4 },
      { min: -2, max: 3 },
    ]),
  ).toEqual([-2, 4]);
  expect(rangeOf([{ min: 50, max: 50 }])).toEqual([49.5, 50.5]);
  expect(rangeOf([{ min: 0, max: 0 }])).toEqual([-1, 1]);
});

test("what is not plausible does not set the scale", () => {
  const [good, low, high] = [point(1, 0, 1, 5), point(2, -1, 0, 3), point(3, 2, 4, 6)];
  expect(splitByBounds([good, low, high], { min: 0, max: 5 })).toEqual([[good], [low, high]]);
  expect(splitByBounds([good, low], null)).toEqual([[good, low], []]);
});

test("where all devices are new the time shown begins with the first of them", () => {
  const nowMs = 1e12;
  const hourMs = 3_600_000;
  const from = (...ages) => {
    const sources = ages.map((ageMs) => ({ firstAtMs: nowMs - ageMs, periodMs: 60_000 }));
    return (nowMs - spanOf(sources, [], nowMs, 24).fromMs) / 60_000;
  };
  expect(from(100 * hourMs, 60_000)).toBe(24 * 60);
  expect(from(2 * hourMs, hourMs)).toBe(121);
  expect(from(60_000)).toBe(10);
});

test("no time is shown of which not all readings are here", () => {
  const span = spanOf([{ firstAtMs: 0, periodMs: 1 }], [{ wholeFromMs: 5 }, { wholeFromMs: 9e6 }], 1e7, 24);
  expect(span).toEqual({ fromMs: 9e6, toMs: 1e7 });
});
