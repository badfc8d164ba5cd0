import { expect, test } from "bun:test";
import { type Packet, scoreQuantity } from "@earshot/protocol";
import { seededRandom } from "@earshot/protocol/testing";
import { assertions, startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import { FIRST_EPOCH, idOf } from "../testing/test-network.ts";
import { airReadings, meterReadings, type UnnumberedReading } from "../testing/test-readings.ts";

const startMs = FIRST_EPOCH * 8000;
const PERIOD_MS = 1_200_000;
/** Eight hours, ended now: the hotspot was away and sends what its outbox kept. */
const kept = { untilMs: startMs, periods: 24, periodMs: PERIOD_MS };

interface SourceView {
  source: string;
  score: number;
  ageMs: number;
  quantities: { name: string; unit: string; mean: number; quality: { faults: { sentence: string }[] } }[];
}

async function get(run: TestGateway, path: string): Promise<Record<string, unknown>> {
  const response = await run.gateway.app.request(`/api/v1/hotspots/${idOf("a")}/${path}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

const shown = async (run: TestGateway) => (await get(run, "readings")).sources as SourceView[];

const send = async (run: TestGateway, readings: readonly UnnumberedReading[], first: number) => {
  const packets = readings.map((reading, i): Packet => ({ ...reading, sequence: first + i }));
  return Promise.all(packets.map((packet) => run.sendAs("a", packet)));
};

test("signed readings are stored, shown and scored, in any order, once, and after a restart", async () => {
  await using run = await startTestGateway(startMs + 10);
  await run.play(assertions(startMs + 20), startMs + 100);
  const meter = meterReadings(kept, seededRandom(5));
  const air = airReadings(kept, seededRandom(6), 3);
  const outcomes = await send(run, meter.toReversed(), 100);
  expect(new Set(outcomes.map((each) => (each.ok ? each.outcome : each.reason)))).toEqual(
    new Set(["stored"]),
  );
  await send(run, air, 200);
  const again = await send(run, air, 200);
  expect(new Set(again.map((each) => (each.ok ? each.outcome : each.reason)))).toEqual(
    new Set(["duplicate"]),
  );

  const before = await shown(run);
  expect(before.map(({ source, score }) => [source, score])).toEqual([
    ["air", 125],
    ["meter", 1000],
  ]);
  expect(before[0]?.quantities[0]).toMatchObject({
    name: "pm2_5_ug_per_m3",
    unit: "µg/m³",
    quality: { faults: [{ sentence: "constant for 7 h: the sensor may be stuck" }] },
  });
  const series = await get(run, "readings/meter?limit=3000");
  expect(series.quantities).toHaveLength(5);
  expect((series.quantities as { points: object[] }[]).map(({ points }) => points.length)).toEqual([
    24, 24, 24, 24, 24,
  ]);

  await run.restart();
  expect(await shown(run)).toEqual(before);
  expect(await run.store.sequenceRanges(idOf("a"))).toContainEqual({ first: 200, last: 223 });
});

test("anybody who has the packets comes to the same score", async () => {
  await using run = await startTestGateway(startMs + 10);
  await run.play(assertions(startMs + 20), startMs + 100);
  const air = airReadings(kept, seededRandom(6), 3);
  await send(run, air, 200);
  const own = scoreQuantity(
    "pm10_ug_per_m3",
    air.map((reading, i) => ({ ...reading, sequence: 200 + i })),
    { untilMs: run.clock.now() },
  );
  const quality = (await shown(run))[0]?.quantities.find(({ name }) => name === "pm10_ug_per_m3")?.quality;
  expect(quality).toMatchObject({
    score: own?.score,
    received: own?.received,
    sound: own?.sound,
    availabilityPermille: own?.availabilityPermille,
  });
});

test("metrics count quantities by name, those of unknown name together", async () => {
  await using run = await startTestGateway(startMs + 10);
  await run.play(assertions(startMs + 20), startMs + 100);
  const quantity = { exponent: 0, min: 1, mean: 2, max: 3, count: 1 };
  const names = ["voltage_v", "made_up", "toString"];
  const quantities = names.map((name) => ({ ...quantity, name }));
  await send(run, [{ type: "reading", source: "x", atMs: startMs, periodMs: PERIOD_MS, quantities }], 50);
  const { accepted, quantities: counts, implausible } = run.gateway.metrics;
  expect(accepted.get("reading")).toBe(1);
  expect([...counts]).toEqual([
    ["voltage_v", 1],
    ["other", 2],
  ]);
  expect([...implausible]).toEqual([["voltage_v", 1]]);
  const text = await (await run.gateway.app.request("/metrics")).text();
  expect(text).toContain('earshot_readings_out_of_bounds_total{quantity="voltage_v"} 1\n');
});
