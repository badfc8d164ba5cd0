import { expect, test } from "bun:test";
import type { GpsReading } from "@earshot/drivers";
import { ReadingSummary } from "../reports/reading-packets.ts";
import { testContext } from "../testing/core-context.ts";
import { FakeGps } from "../testing/fake-devices.ts";
import { type AgentGps, runGps } from "./run-gps.ts";

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

/** A receiver that is kept open, and what is known of it. */
async function kept(receiver: Partial<AgentGps> = {}) {
  const { context, clock, logged } = testContext();
  const gps = new FakeGps();
  const summed: [name: string, value: number][] = [];
  const summary = new ReadingSummary(context, "gps");
  summary.add = (name, value) => void summed.push([name, value]);
  const stop = new AbortController();
  const open = async (): Promise<AgentGps> => Object.assign(await gps.open(), receiver);
  const running = runGps(context, open, summary, stop.signal);
  await clock.advance(0);
  const read = async (reading: Partial<GpsReading>) => {
    const atMs = clock.now();
    gps.read({ kind: "gps", atMs, timeMs: atMs, mode: 3, satellites: [], ...reading });
    await clock.advance(0);
  };
  const end = async () => {
    stop.abort();
    await running;
  };
  return { board: context.board, end, logged, read, summed };
}

test("satellites and signals are summed up where they are told", async () => {
  const { end, read, summed } = await kept();
  await read({});
  await read({
    satellitesUsed: 0,
    satellites: [
      { system: "G", id: 1, cn0DbHz: 40 },
      { system: "G", id: 2 },
    ],
  });
  expect(summed).toEqual([
    ["satellites_used", 0],
    ["cn0_db_hz", 40],
  ]);
  await end();
});

test("that it has a fix is logged, and that it has lost one, whether of two dimensions or of three", async () => {
  const { end, logged, read } = await kept();
  logged.length = 0;
  for (const mode of [1, 1, 2, 3, 2, 1, 0] as const) await read({ mode });
  expect(logged).toEqual(["info GPS has a fix", "info GPS lost its fix"]);
  await end();
});

test("its port, what it refused and what it makes of a silence are asked for where it has them", async () => {
  const hint = { reason: "gpsd has no device", trouble: "no-device" } as const;
  const full = await kept({ port: "/dev/ttyACM0", cautions: () => ["odd"], hint: () => hint });
  expect(full.board.devices.ports()).toEqual(new Map([["gps", "/dev/ttyACM0"]]));
  expect(full.board.devices.facts("gps", 0)).toMatchObject({ cautions: ["odd"], hint });
  await full.end();
  const bare = await kept();
  expect(bare.board.devices.ports()).toEqual(new Map());
  expect(bare.board.devices.facts("gps", 0)).not.toHaveProperty("cautions");
  expect(bare.board.devices.facts("gps", 0)).not.toHaveProperty("hint");
  await bare.end();
});
