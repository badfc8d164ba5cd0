import { expect, test } from "bun:test";
import type { ReferenceStationReading } from "@earshot/drivers";
import { StationMinutes } from "./station-minutes.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 5, 1);

/** A station whose epochs come each 10 s, at the time that it tells. */
function station() {
  const minutes = new StationMinutes();
  let elapsedMs = 0;
  const take = (timeMs: number) => {
    const reading: ReferenceStationReading = {
      ...{ kind: "reference-station", atMs: timeMs, timeMs, stationId: 1, complete: true },
      ...{ satellites: [], gaps: [] },
    };
    return minutes.add(reading, elapsedMs).filter((one) => "completeness_permille" in one);
  };
  const run = (count: number) =>
    Array.from({ length: count * 6 }, () => {
      elapsedMs += 10_000;
      return take(START_MS + elapsedMs);
    }).flat();
  const pass = (ms: number) => {
    elapsedMs += ms;
  };
  return { run, pass, take, now: () => START_MS + elapsedMs };
}

test("each full minute is scored once, and those of an outage with 0", () => {
  const { run, pass } = station();
  expect(run(5)).toHaveLength(4);
  pass(30 * MINUTE_MS);
  const after = run(2);
  expect(after).toHaveLength(32);
  expect(after.filter(({ completeness_permille }) => completeness_permille === 0).length).toBeGreaterThan(28);
});

test("one epoch of a time that jumps ahead is no outage of weeks, and scoring continues after it", () => {
  const { run, take, now } = station();
  run(5);
  expect(take(now() + 60 * 86_400_000)).toEqual([]);
  expect(run(5).length).toBeGreaterThanOrEqual(3);
});

const epoch = (timeMs: number): ReferenceStationReading => ({
  ...{ kind: "reference-station", atMs: timeMs, timeMs, stationId: 1, complete: true },
  ...{ satellites: [], gaps: [] },
});
const scores = (quantities: readonly Record<string, number>[]) =>
  quantities.filter((one) => "completeness_permille" in one);

test("of a minute 1200 epochs are kept, and each one more is told", () => {
  let flood = 0;
  const minutes = new StationMinutes(() => {
    flood += 1;
  });
  minutes.add(epoch(START_MS), 0);
  minutes.add(epoch(START_MS + MINUTE_MS), MINUTE_MS);
  const inNextMinute = (count: number) => {
    for (let i = 0; i < count; i++) minutes.add(epoch(START_MS + 2 * MINUTE_MS), 2 * MINUTE_MS);
    return flood;
  };
  expect([inNextMinute(1200), inNextMinute(3)]).toEqual([0, 3]);
  minutes.add(epoch(START_MS + 3 * MINUTE_MS), 3 * MINUTE_MS);
  expect(flood).toBe(3);
});

test("a station's time may run two minutes ahead of the time that passed; one that goes back or further begins anew", () => {
  const scoresAfter = (stepMs: number, passedMs: number) => {
    const minutes = new StationMinutes();
    minutes.add(epoch(START_MS), 0);
    minutes.add(epoch(START_MS + MINUTE_MS), MINUTE_MS);
    return scores(minutes.add(epoch(START_MS + MINUTE_MS + stepMs), MINUTE_MS + passedMs)).length;
  };
  expect([scoresAfter(5 * MINUTE_MS, 3 * MINUTE_MS), scoresAfter(5 * MINUTE_MS, 3 * MINUTE_MS - 1)]).toEqual([
    5, 0,
  ]);
  expect(scoresAfter(-1, 0)).toBe(0);
  expect(scoresAfter(0, 0)).toBe(0);
});

test("of an outage 1440 minutes are told, which is a day", () => {
  const minutes = new StationMinutes();
  minutes.add(epoch(START_MS), 0);
  minutes.add(epoch(START_MS + MINUTE_MS), MINUTE_MS);
  const days = (count: number) => {
    const ms = MINUTE_MS + count * 86_400_000;
    return scores(minutes.add(epoch(START_MS + ms), ms)).length;
  };
  expect([days(1), days(3)]).toEqual([1440, 1440]);
});
