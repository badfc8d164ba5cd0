import { expect, test } from "bun:test";
import { type QuantityScore, scoreQuantity } from "@earshot/protocol";
import { quantityOf, readingsOf } from "../testing/test-readings.ts";
import { faultsOf, lengthText } from "./faults.ts";

const MINUTE_MS = 60_000;
const untilMs = Date.UTC(2026, 0, 2);

function sentences(name: string, means: readonly (number | undefined)[], minutes = 1): string[] {
  const periodMs = minutes * MINUTE_MS;
  const readings = means.flatMap((mean, i) => {
    if (mean === undefined) return [];
    const atMs = untilMs - (means.length - 1 - i) * periodMs;
    return [{ sequence: i, atMs, periodMs, quantities: [quantityOf(name, mean)] }];
  });
  const score = scoreQuantity(name, readings, { untilMs }) as QuantityScore;
  return faultsOf(name, score, untilMs).map(({ sentence }) => sentence);
}

test("each fault is told with its numbers and what it may mean", () => {
  const stuck = new Array(15).fill(7.5);
  expect(sentences("pm10_ug_per_m3", stuck, 30)).toEqual([
    "constant for 7 h 30 min: the sensor may be stuck",
  ]);
  expect(sentences("pm10_ug_per_m3", [...stuck, 8], 30)).toEqual([
    "was constant for 7 h 30 min: the sensor may be stuck",
  ]);
  expect(sentences("frequency_hz", [50, 44, 50])).toEqual([
    "1 of 3 periods not within 45 to 65 Hz: the sensor or its wiring may be at fault",
    "jumped 2 times by more than 2 Hz from one period to the next: a loose contact, or a sensor that was moved",
  ]);
  expect(sentences("temperature_c", [-127, -127])).toEqual([
    "2 of 2 periods not within \u221260 to 60 °C: the sensor or its wiring may be at fault",
  ]);
  expect(sentences("rain_mm", [-1, 0])[0]).toStartWith(
    "1 of 2 periods not within 0 to 10\u202f000\u202f000 mm",
  );
  expect(sentences("energy_wh", [1000, 900, 1100])).toEqual([
    "went back once without beginning anew near 0: a meter that is misread, or two on one line",
  ]);
  expect(sentences("power_w", [1, undefined, 2, 3, undefined, undefined, 4])).toEqual([
    "nothing came for 3 min in 2 silences, the longest 2 min",
  ]);
  expect(sentences("power_w", [1, 2, 3])).toEqual([]);
});

test("lengths of time have two units at most", () => {
  const cases = [
    [0, "less than 1 s"],
    [45_999, "45 s"],
    [60_000, "1 min"],
    [3_600_000 * 7, "7 h"],
    [86_400_000 * 2 + 3_600_000 * 3 + 60_000, "2 d 3 h"],
  ] as const;
  for (const [ms, text] of cases) expect(lengthText(ms)).toBe(text);
});

test("made-up devices are what they pretend to be", () => {
  const flat = readingsOf(
    "s",
    { untilMs, periods: 3, periodMs: MINUTE_MS },
    { voltage_v: { mean: () => 230.04, spread: 1 } },
  );
  expect(flat.map(({ atMs }) => atMs - untilMs)).toEqual([-2 * MINUTE_MS, -MINUTE_MS, 0]);
  expect(flat[0]?.quantities).toEqual([
    { name: "voltage_v", exponent: -1, min: 2290, mean: 2300, max: 2310, count: 60 },
  ]);
});
