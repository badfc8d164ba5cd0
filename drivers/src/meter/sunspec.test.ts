import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { MemoryLink } from "../testing/memory-link.ts";
import { openModbusTcp } from "./meter.ts";
import { TestMeter } from "./test-meter.ts";

const ABSENT = { u16: 0xffff, s16: 0x8000 };

function words(meter: TestMeter, address: number, values: readonly number[]): void {
  for (const [i, value] of values.entries()) meter.set(3, address + i, "u16", value);
}

function text(meter: TestMeter, address: number, value: string): void {
  const bytes = new TextEncoder().encode(value.padEnd(32, "\0"));
  words(
    meter,
    address,
    Array.from({ length: 16 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)),
  );
}

/** The mark, the common model and a model that is nobody's; returns where the next one begins. */
function commonModels(meter: TestMeter, base: number): number {
  words(meter, base, [0x5375, 0x6e53, 1, 66]);
  text(meter, base + 4, "Example");
  text(meter, base + 20, "Primo 5.0");
  words(meter, base + 70, [64_001, 4]);
  return base + 76;
}

/** Model 103, from id to the scale factor of temperatures. */
// biome-ignore format: one model point a line would hide the layout
const MODEL_103 = [
  103, 50, 2174, 725, 725, 724, -2, ABSENT.u16, ABSENT.u16, ABSENT.u16, 2301, 2312, 2298, -1, -500, 1, 4998, -2,
  5010, 0, ABSENT.s16, 0, -9987, -2, 18, 0x9680, -1, ABSENT.u16, 0, 6300, -1, 5100, ABSENT.s16, 421, ABSENT.s16,
  ABSENT.s16, ABSENT.s16, -1,
].map((word) => word & 0xffff);

function bench(fill: (meter: TestMeter) => void) {
  const meter = new TestMeter({ framing: "tcp" });
  fill(meter);
  const clock = new ManualClock();
  const link = new MemoryLink({ onWrite: (bytes, to) => to.push(meter.answer(bytes)) });
  const driver = openModbusTcp(link, { clock, unit: 1, map: "sunspec", periodMs: 5000 });
  return { meter, clock, driver, readings: driver[Symbol.asyncIterator]() };
}

describe.each([40_000, 50_000, 0])("a SunSpec inverter at %d", (base) => {
  test("is found and read, with scale factors; what it does not measure is absent", async () => {
    const { meter, clock, driver, readings } = bench((inverter) => {
      const model = commonModels(inverter, base);
      words(inverter, model, MODEL_103);
    });
    const { value } = await clock.resolve(readings.next());
    expect(value?.quantities).toEqual({
      current_a: 21.74,
      voltage_l1_v: 230.1,
      voltage_l2_v: 231.2,
      voltage_l3_v: 229.8,
      power_w: -5000,
      frequency_hz: 49.98,
      apparent_power_va: 5010,
      power_factor: -0.9987,
      energy_wh: 121_817.6,
      dc_voltage_v: 630,
      cabinet_temperature_c: 42.1,
    });
    expect(driver.state().device).toBe("Example Primo 5.0");
    meter.heard.length = 0;
    await clock.advance(5000);
    expect(meter.heard).toEqual([[3, base + 78, 36]]);
    await driver.close();
  });
});

test("each value has its own place and its own scale factor (model 103)", async () => {
  const shown = Array.from({ length: 52 }, (_, offset) => 1000 + offset);
  const factors = {
    6: -1,
    13: -2,
    15: 1,
    17: -3,
    19: 2,
    21: 0,
    23: -4,
    26: 3,
    28: -2,
    30: -1,
    32: 1,
    37: -3,
  };
  for (const [offset, factor] of Object.entries(factors)) shown[Number(offset)] = factor & 0xffff;
  const { clock, driver, readings } = bench((inverter) => {
    words(inverter, commonModels(inverter, 40_000), [103, 50, ...shown.slice(2)]);
  });
  const { value } = await clock.resolve(readings.next());
  expect(value?.quantities).toEqual({
    ...{ current_a: 100.2, voltage_l1_v: 10.1, voltage_l2_v: 10.11, voltage_l3_v: 10.12, power_w: 10_140 },
    ...{ frequency_hz: 1.016, apparent_power_va: 101_800, reactive_power_var: 1020, power_factor: 0.001022 },
    ...{ energy_wh: (1024 * 65_536 + 1025) * 1000, dc_current_a: 10.27, dc_voltage_v: 102.9 },
    ...{ dc_power_w: 10_310, cabinet_temperature_c: 1.033 },
  });
  await driver.close();
});

test("each value has its own place (model 113)", async () => {
  const { clock, driver, readings } = bench((inverter) => {
    const model = commonModels(inverter, 40_000);
    words(inverter, model, [113, 60]);
    for (let offset = 2; offset < 62; offset += 2) inverter.set(3, model + offset, "f32", offset);
  });
  const { value } = await clock.resolve(readings.next());
  expect(value?.quantities).toEqual({
    ...{ current_a: 2, voltage_l1_v: 16, voltage_l2_v: 18, voltage_l3_v: 20, power_w: 22, frequency_hz: 24 },
    ...{ apparent_power_va: 26, reactive_power_var: 28, power_factor: 0.3, energy_wh: 32, dc_current_a: 34 },
    ...{ dc_voltage_v: 36, dc_power_w: 38, cabinet_temperature_c: 40 },
  });
  await driver.close();
});

test("floats: model 113, with NaN for what is not measured", async () => {
  const { clock, driver, readings } = bench((inverter) => {
    const model = commonModels(inverter, 40_000);
    words(inverter, model, [113, 60]);
    for (let offset = 2; offset < 62; offset += 2) inverter.set(3, model + offset, "f32", Number.NaN);
    inverter.set(3, model + 16, "f32", 230.1);
    inverter.set(3, model + 22, "f32", 4321.5);
    inverter.set(3, model + 32, "f32", 1_234_567);
  });
  const { value } = await clock.resolve(readings.next());
  expect(value?.quantities).toEqual({ voltage_l1_v: 230.1, power_w: 4321.5, energy_wh: 1_234_567 });
  await driver.close();
});

test.each<[string, (meter: TestMeter) => void, string]>([
  ["no mark", (meter) => meter.set(3, 9, "u16", 1), "no SunSpec mark at 40000, 50000, 0"],
  [
    "a battery",
    (meter) => words(meter, commonModels(meter, 40_000), [802, 10, ...Array(10).fill(0), 0xffff, 0]),
    "no inverter among the SunSpec models 1, 64001, 802",
  ],
  [
    "a model that is too short",
    (meter) => words(meter, commonModels(meter, 40_000), [103, 8, ...Array(8).fill(0), 0xffff, 0]),
    "no inverter among the SunSpec models 1, 64001, 103",
  ],
  [
    "a chain that stands still",
    (meter) => words(meter, 40_000, [0x5375, 0x6e53, ...Array(900).fill(0)]),
    "0, 0, 0",
  ],
])("%s is told", async (_title, fill, reason) => {
  const { clock, readings } = bench(fill);
  await expect(clock.resolve(readings.next())).rejects.toThrow(reason);
});

test("an inverter that sleeps at first is found when it wakes", async () => {
  const { meter, clock, driver, readings } = bench((inverter) => {
    words(inverter, commonModels(inverter, 40_000), MODEL_103);
    inverter.habit = "silence";
  });
  await clock.advance(14_000);
  expect(driver.state().silentPeriods).toBe(3);
  meter.habit = undefined;
  expect((await clock.resolve(readings.next())).value?.quantities.frequency_hz).toBe(49.98);
  await driver.close();
});
