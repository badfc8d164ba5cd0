import { describe, expect, test } from "bun:test";
import type { Entropy } from "@earshot/protocol";
import fc from "fast-check";
import { EntropyRange } from "./entropy-range.ts";

const PERIOD_MS = 60_000;
const INDEX = 29_700_000;
const AT_MS = INDEX * PERIOD_MS;
const DAY_MS = 86_400_000;

const entropyOf = (index: number, periodMs = PERIOD_MS): Entropy => ({
  ...{ index, atMs: index * periodMs, value: new Uint8Array(32), previousHash: new Uint8Array(32) },
  ...{ periodMs, validityMs: 3 * periodMs, windowPeriods: 360, windowValue: new Uint8Array(32) },
  ...{ reportDeadlineMs: null, revealDeadlineMs: null },
  ...{ source: null, state: null },
});

function rangeAfter(index: number, elapsedMs: number): EntropyRange {
  const range = new EntropyRange();
  range.update(entropyOf(index), elapsedMs);
  return range;
}

describe("a beacon's entropy number", () => {
  test("is accepted while no entropy is known", () => {
    expect(new EntropyRange().includes(7, AT_MS, 0)).toBe(true);
  });

  test("a second before the newest entropy arrives, an honest beacon of it is accepted", () => {
    const range = rangeAfter(INDEX, 5000);
    const justBeforeMs = 5000 + PERIOD_MS - 1000;
    expect(range.includes(INDEX + 1, 0, justBeforeMs)).toBe(true);
  });

  test("whenever the entropies came, and whatever this machine's clock shows, an honest beacon is accepted", () => {
    const cases = fc.record({
      periodMs: fc.integer({ min: 500, max: DAY_MS }),
      // When the latest entropy came, and when the beacon is heard, in periods: late by most of one, then silence.
      late: fc.double({ min: 0, max: 0.999, noNaN: true }),
      silence: fc.double({ min: 0, max: 5000, noNaN: true }),
      clockOffMs: fc.integer({ min: -60 * 365 * DAY_MS, max: 60 * DAY_MS }),
      age: fc.integer({ min: -1, max: 13 }),
    });
    fc.assert(
      fc.property(cases, ({ periodMs, late, silence, clockOffMs, age }) => {
        const range = new EntropyRange();
        const base = 1000;
        range.update(entropyOf(base, periodMs), (base + late) * periodMs);
        const elapsedMs = (base + late + silence) * periodMs;
        const current = Math.floor(elapsedMs / periodMs);
        return range.includes(current - age, elapsedMs + clockOffMs, elapsedMs);
      }),
    );
  });

  test("where the broker has kept a message of yesterday, this machine's time lets honest beacons through", () => {
    const range = rangeAfter(INDEX - 1440, 0);
    expect(range.includes(INDEX, AT_MS, 0)).toBe(true);
    expect(range.includes(INDEX, AT_MS - 30 * DAY_MS, 0)).toBe(false);
  });

  test("of all numbers that frames from the air may carry, hardly any are accepted", () => {
    const range = rangeAfter(INDEX, 0);
    const standing = [0, 1, INDEX - 14, INDEX + 3, INDEX * 2, 0xffff_ffff].filter((index) =>
      range.includes(index, AT_MS, 0),
    );
    expect(standing).toEqual([]);
    let count = 0;
    for (let index = INDEX - 100; index < INDEX + 100; index++)
      count += Number(range.includes(index, AT_MS, 0));
    expect(count).toBe(16);
  });
});
