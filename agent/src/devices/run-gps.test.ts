import { expect, test } from "bun:test";
import type { GpsReading } from "@earshot/drivers";
import { ReadingSummary } from "../reports/reading-packets.ts";
import { testContext } from "../testing/core-context.ts";
import { FakeGps } from "../testing/fake-devices.ts";
import { runGps } from "./run-gps.ts";

test.each([
  ["as old as it says", 1500, 1500],
  ["no older than 2 s, whatever clock stepped in between", 60_000, 2000],
  ["no younger than now", -60_000, 0],
])("a reading is %s", async (_, behindMs, ageMs) => {
  const { context, clock } = testContext();
  const { board } = context;
  const gps = new FakeGps();
  const stop = new AbortController();
  const running = runGps(context, gps.open, new ReadingSummary(context, "gps"), stop.signal);
  await clock.advance(5000);
  const atMs = clock.now() - behindMs;
  const reading: GpsReading = { kind: "gps", atMs, timeMs: atMs, mode: 3, satellites: [] };
  gps.read(reading);
  await clock.advance(0);
  expect(board.gpsReading(clock.elapsedMs(), ageMs)).toEqual(reading);
  expect(board.gpsReading(clock.elapsedMs(), ageMs - 1)).toBeUndefined();
  stop.abort();
  await running;
});
