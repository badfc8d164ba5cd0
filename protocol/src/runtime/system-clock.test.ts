import { expect, test } from "bun:test";
import { systemClock } from "./system-clock.ts";

test("now is milliseconds since 1970 and never runs backwards here", async () => {
  const before = systemClock.now();
  await systemClock.sleep(1);
  expect(before).toBeGreaterThan(Date.UTC(2025, 0, 1));
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
});

test("elapsed time goes on while sleeping and is no date", async () => {
  const before = systemClock.elapsedMs();
  await systemClock.sleep(2);
  expect(systemClock.elapsedMs()).toBeGreaterThan(before);
  expect(before).toBeLessThan(Date.UTC(2000, 0, 1));
});

test("sleeping ends with the reason of an abort, before and during it", async () => {
  const controller = new AbortController();
  const day = systemClock.sleep(86_400_000, controller.signal);
  const reason = new Error("shut down");
  controller.abort(reason);
  await expect(day).rejects.toBe(reason);
  await expect(systemClock.sleep(86_400_000, controller.signal)).rejects.toBe(reason);
});

test("an abort after waking changes nothing", async () => {
  const controller = new AbortController();
  const sleeping = systemClock.sleep(0, controller.signal);
  await sleeping;
  controller.abort();
  await sleeping;
});
