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
