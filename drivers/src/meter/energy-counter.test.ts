import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EnergyCounter, type EnergyState } from "./energy-counter.ts";

const HOUR_MS = 3_600_000;
const facts = { maxPowerW: 10_000, rolloversWh: [10_000_000, 2 ** 32] };
const DAY_MS = 24 * HOUR_MS;
/** Both clocks at once. */
const both = (ms: number) => ({ nowMs: ms, elapsedMs: ms });
const at = (totalWh: number, rawWh: number): EnergyState => ({ totalWh, rawWh, atMs: 0 });

describe("energy an hour later", () => {
  test.each([
    ["grows", 500, 600, 1100, undefined],
    ["stands still", 500, 500, 1000, undefined],
    ["as much as can pass", 500, 10_500, 11_000, undefined],
    ["more than can pass", 500, 10_600, 1000, "jump"],
    ["rollover of the display", 9_999_900, 50, 1150, "rollover"],
    ["rollover of the register", 2 ** 32 - 1, 4, 1005, "rollover"],
    ["set to zero", 50_000, 0, 1000, "reset"],
    ["set to zero, and counting", 50_000, 700, 1700, "reset"],
    ["another meter, used before", 50_000, 20_000, 1000, "reset"],
    ["set to zero when young", 500, 0, 1000, "reset"],
    ["forgot a little", 50_000, 49_900, 1000, "stepped-back"],
  ])("%s: %d → %d Wh makes a total of %d (%s)", (_title, before, raw, total, event) => {
    const counter = new EnergyCounter(facts, at(1000, before));
    expect(counter.add(raw, both(HOUR_MS))).toEqual({ totalWh: total, ...(event && { event }) } as never);
  });
});

test("the first value is the total", () => {
  const counter = new EnergyCounter(facts);
  expect(counter.state).toBeUndefined();
  expect(counter.add(1234, both(5))).toEqual({ totalWh: 1234 });
  expect(counter.state).toEqual({ totalWh: 1234, rawWh: 1234, atMs: 5 });
});

test("after a step back nothing is counted twice", () => {
  const counter = new EnergyCounter(facts, at(1000, 50_000));
  const totals = [49_900, 49_990, 50_010].map((raw, i) => counter.add(raw, both(i + 1)).totalWh);
  expect(totals).toEqual([1000, 1000, 1010]);
});

test("one wrong value leaves no trace", () => {
  for (const wrong of [900_000, 0]) {
    const counter = new EnergyCounter(facts, at(1000, 50_000));
    counter.add(wrong, both(1));
    counter.add(50_001, both(2));
    expect(counter.add(50_003, both(3)).totalWh).toBe(1002);
  }
});

test("a clock that is set while it counts changes nothing", () => {
  for (const stepMs of [60 * DAY_MS, -60 * DAY_MS]) {
    const counter = new EnergyCounter(facts, at(1000, 50_000));
    counter.add(50_001, { nowMs: DAY_MS, elapsedMs: 0 });
    const later = counter.add(50_501, { nowMs: DAY_MS + stepMs, elapsedMs: HOUR_MS });
    expect(later).toEqual({ totalWh: 1501 });
    const tooMuch = counter.add(70_501, { nowMs: DAY_MS, elapsedMs: 2 * HOUR_MS });
    expect(tooMuch).toEqual({ totalWh: 1501, event: "jump" });
  }
});

test("after a start with a clock that is not set, what was used meanwhile counts, up to a day's worth", () => {
  const state = { totalWh: 1000, rawWh: 50_000, atMs: Date.UTC(2026, 5, 1) };
  const in1970 = { nowMs: 30_000, elapsedMs: 30_000 };
  expect(new EnergyCounter(facts, state).add(55_000, in1970)).toEqual({ totalWh: 6000 });
  expect(new EnergyCounter(facts, state).add(900_000, in1970)).toEqual({ totalWh: 1000, event: "jump" });
});

test("whatever a meter says and its clock shows, the total never falls and never grows faster than power allows", () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.double({ min: 0, max: 2 ** 33, noNaN: true }),
          fc.integer({ min: 0, max: 1e7 }),
          fc.integer({ min: -1e9, max: 1e9 }),
        ),
        { maxLength: 50 },
      ),
      (steps) => {
        const counter = new EnergyCounter(facts);
        counter.add(100, both(0));
        let [elapsedMs, comparedMs, total] = [0, 0, 100];
        for (const [raw, passedMs, nowMs] of steps) {
          elapsedMs += passedMs;
          const { totalWh, event } = counter.add(raw, { nowMs, elapsedMs });
          const gainWh = totalWh - total;
          expect(gainWh).toBeGreaterThanOrEqual(0);
          expect(gainWh).toBeLessThanOrEqual((10_000 * (elapsedMs - comparedMs)) / HOUR_MS + 10.001);
          if (event !== "stepped-back") comparedMs = elapsedMs;
          total = totalWh;
        }
      },
    ),
  ));
