import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { deadlinesOf } from "../network/entropy.ts";
import { DEFAULT_PARAMETERS } from "../parameters/parameters.ts";
import {
  drawIndex,
  entropyTimeMs,
  epochOf,
  reportDeadlineMs,
  revealDeadlineMs,
  windowOf,
} from "./schedule.ts";

test("a day of the default network", () => {
  const index = Date.UTC(2026, 5, 1, 12, 34) / 60_000;
  expect(index).toBe(29_671_954);
  expect(entropyTimeMs(index, DEFAULT_PARAMETERS)).toBe(Date.UTC(2026, 5, 1, 12, 34));
  expect(new Date(reportDeadlineMs(index, DEFAULT_PARAMETERS)).toISOString()).toBe(
    "2026-06-01T12:44:00.000Z",
  );
  // Windows of six hours and epochs of a day begin at midnight UTC.
  expect(windowOf(index, 360)).toBe(windowOf(Date.UTC(2026, 5, 1, 12) / 60_000, 360));
  expect(epochOf(index, DEFAULT_PARAMETERS)).toBe(epochOf(Date.UTC(2026, 5, 1) / 60_000, DEFAULT_PARAMETERS));
  expect(epochOf(index, DEFAULT_PARAMETERS)).not.toBe(
    epochOf(Date.UTC(2026, 5, 2) / 60_000, DEFAULT_PARAMETERS),
  );
});

test("a network that publishes no deadlines has those of the default network", () => {
  const { reportDeadlineMs: reportMs, revealDeadlineMs: revealMs, entropyPeriodMs } = DEFAULT_PARAMETERS;
  const published = { periodMs: entropyPeriodMs, reportDeadlineMs: null, revealDeadlineMs: null };
  expect(deadlinesOf(published)).toEqual({ reportMs, revealMs });
  expect(deadlinesOf({ ...published, reportDeadlineMs: 7000 })).toEqual({ reportMs: 7000, revealMs: 14_000 });
  expect(deadlinesOf({ ...published, revealDeadlineMs: 7 })).toEqual({ reportMs, revealMs: 7 });
});

const parameters = fc
  .record({
    entropyPeriodMs: fc.integer({ min: 500, max: 86_400_000 }),
    revealDeadlineMs: fc.integer({ min: 1, max: 86_400_000 }),
    windowPeriods: fc.integer({ min: 1, max: 1000 }),
    windows: fc.integer({ min: 1, max: 10 }),
  })
  .map(({ windows, ...rest }) => ({ ...rest, epochPeriods: rest.windowPeriods * windows }));
const index = fc.nat({ max: 0xffff_ffff });

describe("for any parameters", () => {
  test("a window lies in one epoch", () => {
    fc.assert(
      fc.property(parameters, index, (p, at) => {
        const first = windowOf(at, p.windowPeriods) * p.windowPeriods;
        expect(first <= at && at < first + p.windowPeriods).toBe(true);
        expect(epochOf(first, p)).toBe(epochOf(first + p.windowPeriods - 1, p));
      }),
    );
  });

  test("the draw's entropy is the first published after the deadline", () => {
    fc.assert(
      fc.property(parameters, index, (p, number) => {
        // Times until the year 2100, which is as far as packets reach.
        const at = number % Math.ceil(4_102_444_800_000 / p.entropyPeriodMs);
        const draw = drawIndex(at, p);
        expect(entropyTimeMs(draw, p)).toBeGreaterThan(revealDeadlineMs(at, p));
        expect(entropyTimeMs(draw - 1, p)).toBeLessThanOrEqual(revealDeadlineMs(at, p));
      }),
    );
  });
});
