import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hotspotId, signerFromSeed } from "@earshot/protocol";
import { seededRandom } from "@earshot/protocol/testing";
import type { z } from "@hono/zod-openapi";
import { FLEET_PARAMETERS, type FleetMember } from "../testing/seeded-fleet.ts";
import { type TestApp, testApp } from "../testing/test-app.ts";
import {
  airReadings,
  filedReadings,
  meterReadings,
  readingsOf,
  type UnnumberedReading,
} from "../testing/test-readings.ts";
import { KEEP_MS } from "./response-cache.ts";
import type { readingSeriesSchema, readingSourcesSchema } from "./schemas/reading.ts";

type Sources = z.infer<typeof readingSourcesSchema>;
type Series = z.infer<typeof readingSeriesSchema>;

const PERIOD_MS = 300_000;
const HOUR_MS = 3_600_000;
let t: TestApp;
let nowMs: number;
const at = (index: number) => t.fleet.members[index] as FleetMember;

const file = (index: number, readings: readonly UnnumberedReading[]) =>
  t.store.addPackets(filedReadings(readings, at(index).signer, FLEET_PARAMETERS.network));

beforeAll(async () => {
  t = await testApp();
  nowMs = t.clock.now();
  const day = { untilMs: nowMs - 60_000, periods: 288, periodMs: PERIOD_MS };
  await file(0, [...meterReadings(day, seededRandom(1)), ...airReadings(day, seededRandom(2), 204)]);
});
afterAll(() => t[Symbol.asyncDispose]());

async function sourcesOf(index: number): Promise<Sources> {
  const { status, body } = await t.json(`/api/v1/hotspots/${at(index).hotspot.id}/readings`);
  expect(status).toBe(200);
  return body as unknown as Sources;
}

const seriesOf = async (query: string, source = "meter") => {
  const { status, body } = await t.json(`/api/v1/hotspots/${at(0).hotspot.id}/readings/${source}${query}`);
  return { status, body: body as unknown as Series & { error: object } };
};

describe("the devices of a hotspot", () => {
  test("are told with their newest values, units and age", async () => {
    const { sources, windowMs } = await sourcesOf(0);
    expect(windowMs).toBe(48 * HOUR_MS);
    expect(sources.map(({ source }) => source)).toEqual(["air", "meter"]);
    const meter = sources[1];
    expect(meter).toMatchObject({ score: 1000, ageMs: 60_000, periodMs: PERIOD_MS });
    expect(meter?.latestAtMs).toBe(nowMs - 60_000);
    expect(meter?.firstAtMs).toBe(nowMs - 60_000 - 287 * PERIOD_MS);
    expect(meter?.quantities.map(({ name, unit }) => [name, unit])).toEqual([
      ["power_w", "W"],
      ["voltage_v", "V"],
      ["current_a", "A"],
      ["frequency_hz", "Hz"],
      ["energy_wh", "Wh"],
    ]);
    const voltage = meter?.quantities[1];
    expect(voltage?.mean).toBeWithin(220, 240);
    expect(voltage?.max).toBeCloseTo((voltage?.mean ?? 0) + 1.1, 5);
    expect(voltage?.quality).toEqual({
      score: 1000,
      received: 288,
      sound: 288,
      availabilityPermille: 1000,
      restarts: 0,
      faults: [],
    });
  });

  test("say why they are not to be relied on", async () => {
    const { sources } = await sourcesOf(0);
    const air = sources[0];
    expect(air?.score).toBe(708);
    expect(air?.quantities.map(({ quality }) => quality.score)).toEqual([708, 708, 1000, 1000]);
    expect(air?.quantities[0]?.quality.faults).toEqual([
      {
        code: "constant_too_long",
        times: 84,
        permille: 291,
        lastAtMs: nowMs - 60_000,
        sentence: "constant for 7 h: the sensor may be stuck",
      },
    ]);
  });

  test("are scored anew when a reading comes, and when none does", async () => {
    const steady = { voltage_v: { mean: () => 230, spread: 1 } };
    const tenth = { untilMs: nowMs, periods: 10, periodMs: PERIOD_MS };
    await file(1, readingsOf("meter", tenth, steady));
    const first = (await sourcesOf(1)).sources[0];
    expect(first).toMatchObject({ score: 1000, ageMs: 0 });
    const spike = { voltage_v: { mean: () => 410, spread: 1 } };
    await file(1, readingsOf("meter", { ...tenth, untilMs: nowMs + PERIOD_MS, periods: 1 }, spike));
    await t.clock.advance(KEEP_MS);
    const spiked = (await sourcesOf(1)).sources[0]?.quantities[0];
    expect(spiked?.mean).toBe(410);
    expect(spiked?.quality.faults.map(({ code }) => code)).toEqual(["out_of_bounds", "jump"]);
    await t.clock.advance(12 * HOUR_MS - KEEP_MS);
    const silent = (await sourcesOf(1)).sources[0];
    expect(silent).toMatchObject({ ageMs: 12 * HOUR_MS - PERIOD_MS });
    expect(silent?.quantities[0]?.quality.faults.at(-1)).toMatchObject({
      code: "unavailable",
      sentence: "nothing came for 11 h 45 min",
    });
    await t.clock.advance(60 * HOUR_MS);
    expect((await sourcesOf(1)).sources[0]?.quantities[0]).toMatchObject({
      mean: 410,
      quality: { score: 0 },
    });
  });

  test("are none of a hotspot without any", async () => {
    expect((await sourcesOf(2)).sources).toEqual([]);
  });

  test("are few, whatever a hotspot makes up", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `made-up-${i}`);
    const one = { untilMs: t.clock.now(), periods: 1, periodMs: PERIOD_MS };
    const reading = (source: string) => readingsOf(source, one, { other: { mean: () => 1, spread: 0 } });
    await file(3, names.flatMap(reading));
    const many = Array.from({ length: 60 }, (_, i) => ({ [`name_${i}`]: { mean: () => 1, spread: 0 } }));
    await file(
      4,
      many.flatMap((course, i) => readingsOf("s", { ...one, untilMs: one.untilMs - i * PERIOD_MS }, course)),
    );
    expect((await sourcesOf(3)).sources).toHaveLength(32);
    expect((await sourcesOf(4)).sources[0]?.quantities).toHaveLength(32);
  });

  test("a reading from a clock that is far ahead does not hide the true ones", async () => {
    const courses = { voltage_v: { mean: () => 230, spread: 1 } };
    const now = t.clock.now();
    await file(7, [
      ...readingsOf("meter", { untilMs: now, periods: 3, periodMs: PERIOD_MS }, courses),
      ...readingsOf("meter", { untilMs: now + 90 * 24 * HOUR_MS, periods: 1, periodMs: PERIOD_MS }, courses),
    ]);
    expect((await sourcesOf(7)).sources[0]).toMatchObject({ latestAtMs: now, score: 1000 });
  });
});

describe("a series", () => {
  test("has each period of the range, oldest first, and leads on to what is older", async () => {
    const { status, body } = await seriesOf(`?from=${nowMs - HOUR_MS}&to=${nowMs}`);
    expect(status).toBe(200);
    const power = body.quantities.find(({ name }) => name === "power_w");
    expect(power?.points).toHaveLength(12);
    expect(power?.points.map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 12 }, (_, i) => nowMs - 60_000 - (11 - i) * PERIOD_MS),
    );
    expect(body.earlier).toBeNull();
    // A full answer that begins with the range may have left nothing out; one that begins later may.
    const oldestMs = nowMs - 60_000 - 11 * PERIOD_MS;
    const full = (fromMs: number) => seriesOf(`?limit=12&from=${fromMs}&to=${nowMs}`);
    expect((await full(oldestMs)).body.earlier).toBeNull();
    expect((await full(oldestMs - 1)).body.earlier).toBe(oldestMs - 1);
    const seen: number[] = [];
    for (let to: number | null = nowMs; to !== null; ) {
      const page: Series = (await seriesOf(`?limit=100&from=0&to=${to}`)).body;
      seen.unshift(...(page.quantities[0]?.points.map(({ atMs }) => atMs) ?? []));
      to = page.earlier;
    }
    expect(seen).toHaveLength(288);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  test("is of the last 24 h until now unless told otherwise", async () => {
    const { body } = await seriesOf("");
    expect(body.toMs - body.fromMs).toBe(24 * HOUR_MS);
    expect(body.toMs).toBeGreaterThanOrEqual(t.clock.now());
  });

  test("is empty where a known device said nothing, and a 404 for one that nobody heard of", async () => {
    expect((await seriesOf("?from=0&to=1")).body).toMatchObject({ quantities: [], earlier: null });
    const { status, body } = await seriesOf("", "barometer");
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: "unknown_source", parameter: "source", value: "barometer" });
  });

  test("refuses what it cannot answer and says what is allowed", async () => {
    const wrong: [string, string, string][] = [
      ["?limit=0", "limit", "a whole number from 1 to 3000"],
      ["?from=yesterday", "from", "a whole number from 0 to 281474976710656"],
      ["?from=9&to=8", "from", "a time up to the end of the range, 8"],
      ["?since=1", "since", "no such parameter"],
    ];
    for (const [query, parameter, allowed] of wrong) {
      const { status, body } = await seriesOf(query);
      expect({ query, status }).toEqual({ query, status: 400 });
      expect(body.error).toMatchObject({ code: "invalid_parameter", parameter, allowed });
    }
    expect((await seriesOf("", "x".repeat(33))).body.error).toMatchObject({ parameter: "source" });
  });
});

test("a hotspot that nobody registered is a 404", async () => {
  const id = hotspotId(signerFromSeed(new Uint8Array(32).fill(77)).publicKey);
  for (const path of ["readings", "readings/meter"]) {
    const { status, body } = await t.json(`/api/v1/hotspots/${id}/${path}`);
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: "unknown_hotspot" });
  }
});
