import { expect, test } from "bun:test";
import { formatLoraDataRate, parseLoraDataRate, parseLrFhssWidthHz } from "./data-rate.ts";

test("every LoRa data rate of a concentrator, both ways", () => {
  for (const bandwidthHz of [125_000, 250_000, 500_000]) {
    for (let spreadingFactor = 5; spreadingFactor <= 12; spreadingFactor++) {
      const dataRate = { spreadingFactor, bandwidthHz };
      const datr = `SF${spreadingFactor}BW${bandwidthHz / 1000}`;
      expect(formatLoraDataRate(dataRate)).toBe(datr);
      expect(parseLoraDataRate(datr)).toEqual(dataRate);
    }
  }
});

test("letter case does not matter", () => {
  expect(parseLoraDataRate("SF12Bw125")).toEqual({ spreadingFactor: 12, bandwidthHz: 125_000 });
});

test("what is no data rate", () => {
  for (const datr of ["", "SF4BW125", "SF13BW125", "SF07BW125", "SF7BW0", "SF7BW12", "SF7BW125x", "50000"]) {
    expect([datr, parseLoraDataRate(datr)]).toEqual([datr, undefined]);
  }
  expect(() => formatLoraDataRate({ spreadingFactor: 13, bandwidthHz: 125_000 })).toThrow(
    "SF 13 at 125000 Hz",
  );
});

test("LR-FHSS channel widths", () => {
  expect(["M0CW137", "m0cw336", "M1CW1523", "M0CW138", "SF7BW125"].map(parseLrFhssWidthHz)).toEqual([
    137_000,
    336_000,
    1_523_000,
    undefined,
    undefined,
  ]);
});
