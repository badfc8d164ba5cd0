import { expect, test } from "bun:test";
import { readClock, toWallTime } from "./clock.ts";
import { ManualClock } from "./manual-clock.ts";

test("a moment of the monotonic clock has the wall time of the millisecond that had begun, by the clock as it is now", async () => {
  const clock = new ManualClock(1_000_000);
  await clock.advance(500.25);
  const moment = clock.elapsedMs();
  await clock.advance(2000);
  expect(toWallTime(moment, readClock(clock))).toBe(1_000_500);
  clock.stepWall(3_600_000);
  expect(toWallTime(moment, readClock(clock))).toBe(4_600_500);
});
