import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type AirtimeInput, airtimeMs, type CodingRate, symbolMs } from "./airtime.ts";

const frame = (
  spreadingFactor: number,
  bandwidthHz: number,
  payloadBytes: number,
  rest: Partial<AirtimeInput> = {},
) => airtimeMs({ spreadingFactor, bandwidthHz, payloadBytes, ...rest });

describe("figures of The Things Stack (pkg/toa tests)", () => {
  test.each([
    [7, 125_000, 10, 41.216],
    [8, 125_000, 10, 72.192],
    [9, 125_000, 10, 144.384],
    [10, 125_000, 10, 288.768],
    [11, 125_000, 10, 577.536],
    [12, 125_000, 10, 991.232],
    [7, 250_000, 10, 20.608],
    [7, 500_000, 10, 10.304],
    [7, 125_000, 13, 46.336],
    [7, 125_000, 15, 46.336],
    [7, 125_000, 16, 51.456],
    [7, 125_000, 19, 51.456],
  ])("SF%i, %i Hz, %i bytes: %f ms", (spreadingFactor, bandwidthHz, payloadBytes, expectedMs) => {
    expect(frame(spreadingFactor, bandwidthHz, payloadBytes)).toBeCloseTo(expectedMs, 9);
  });

  test.each([
    ["4/5", 41.216],
    ["4/6", 45.312],
    ["4/7", 49.408],
    ["4/8", 53.504],
  ] as const)("coding rate %s: %f ms", (codingRate, expectedMs) => {
    expect(frame(7, 125_000, 10, { codingRate })).toBeCloseTo(expectedMs, 9);
  });
});

/** Outputs of Semtech's SX1261 LoRa Calculator as recorded by the MicroPython LoRa driver's tests. */
describe("figures of the Semtech calculator", () => {
  test.each([
    [12, 500_000, "4/5", 8, 1, true, true, 206.848],
    [12, 500_000, "4/5", 12, 64, true, true, 649.216],
    [12, 500_000, "4/5", 8, 1, true, false, 165.888],
    [12, 500_000, "4/5", 8, 192, true, true, 1476.608],
    [12, 500_000, "4/5", 12, 16, false, false, 280.576],
    [8, 125_000, "4/6", 8, 2, true, true, 53.76],
    [8, 125_000, "4/6", 8, 3, true, true, 66.048],
    [8, 125_000, "4/6", 8, 3, true, false, 53.76],
    [8, 125_000, "4/6", 8, 253, true, true, 827.904],
    [8, 125_000, "4/6", 12, 5, false, true, 61.952],
    [8, 125_000, "4/6", 12, 10, false, true, 86.528],
    [8, 125_000, "4/6", 12, 253, false, true, 823.808],
    [11, 10_420, "4/7", 25, 16, true, true, 12_824.568],
    [11, 10_420, "4/7", 25, 16, false, false, 11_448.752],
  ] as const)(
    "SF%i, %i Hz, %s, preamble %i, %i bytes, header %p, CRC %p: %f ms",
    (spreadingFactor, bandwidthHz, codingRate, preambleSymbols, payloadBytes, explicitHeader, crc, expectedMs) => {
      const ms = airtimeMs({
        spreadingFactor,
        bandwidthHz,
        codingRate,
        preambleSymbols,
        payloadBytes,
        explicitHeader,
        crc,
      });
      expect(Math.abs(ms / expectedMs - 1)).toBeLessThan(1e-7);
    },
  );
});

test("low data rate optimization switches itself on above 16 ms a symbol", () => {
  const on = { lowDataRateOptimize: true };
  const off = { lowDataRateOptimize: false };
  expect(frame(11, 125_000, 31)).toBe(frame(11, 125_000, 31, on));
  expect(frame(11, 125_000, 31)).not.toBe(frame(11, 125_000, 31, off));
  expect(frame(10, 125_000, 31)).toBe(frame(10, 125_000, 31, off));
  expect(frame(12, 250_000, 31)).toBe(frame(12, 250_000, 31, on));
  expect(frame(12, 500_000, 31)).toBe(frame(12, 500_000, 31, off));
  expect(symbolMs({ spreadingFactor: 11, bandwidthHz: 125_000 })).toBe(16.384);
});

const anyFrame = fc.record({
  spreadingFactor: fc.integer({ min: 7, max: 12 }),
  bandwidthHz: fc.constantFrom(125_000, 250_000, 500_000),
  payloadBytes: fc.integer({ min: 0, max: 255 }),
  codingRate: fc.constantFrom<CodingRate>("4/5", "4/6", "4/7", "4/8"),
  preambleSymbols: fc.integer({ min: 6, max: 100 }),
  explicitHeader: fc.boolean(),
  crc: fc.boolean(),
});

test("airtime never falls when anything that takes time is added", () => {
  const slower: readonly ((f: AirtimeInput) => AirtimeInput)[] = [
    (f) => ({ ...f, payloadBytes: Math.min(255, f.payloadBytes + 1) }),
    (f) => ({ ...f, spreadingFactor: Math.min(12, f.spreadingFactor + 1) }),
    (f) => ({ ...f, bandwidthHz: Math.max(125_000, f.bandwidthHz / 2) }),
    (f) => ({ ...f, codingRate: "4/8" }),
    (f) => ({ ...f, explicitHeader: true }),
    (f) => ({ ...f, crc: true }),
    (f) => ({ ...f, lowDataRateOptimize: true }),
  ];
  fc.assert(
    fc.property(anyFrame, fc.constantFrom(...slower), (f, change) => {
      expect(airtimeMs(change(f))).toBeGreaterThanOrEqual(airtimeMs(f));
    }),
  );
});

test("one more preamble symbol costs one symbol", () => {
  fc.assert(
    fc.property(anyFrame, (f) => {
      const longer = airtimeMs({ ...f, preambleSymbols: f.preambleSymbols + 1 });
      expect(longer - airtimeMs(f)).toBeCloseTo(symbolMs(f), 6);
    }),
  );
});

test.each([
  [{ spreadingFactor: 6 }, "spreadingFactor is 6, must be an integer from 7 to 12"],
  [{ spreadingFactor: 7.5 }, "spreadingFactor is 7.5"],
  [{ bandwidthHz: 125 }, "bandwidthHz is 125"],
  [{ payloadBytes: 256 }, "payloadBytes is 256, must be an integer from 0 to 255"],
  [{ payloadBytes: Number.NaN }, "payloadBytes is NaN"],
  [{ preambleSymbols: 5 }, "preambleSymbols is 5"],
  [{ codingRate: "5/4" as CodingRate }, "codingRate is 5/4, must be one of 4/5"],
])("refuses %p", (change, message) => {
  expect(() => frame(7, 125_000, 31, change)).toThrow(message);
});
