import { expect, test } from "bun:test";
import { RadioCounters } from "./radio-counters.ts";
import { readStat } from "./stat.ts";

const read = (fields: Record<string, number | string | null>) => readStat(new Map(Object.entries(fields)));

test("a stat as sx1302_hal sends it", () => {
  const stat = { lati: 47.24612, long: 8.81398, alti: 499, rxnb: 6, rxok: 5, rxfw: 6, ackr: 100, temp: 25 };
  expect(read(stat)).toEqual({
    received: 6,
    receivedOk: 5,
    ackPercent: 100,
    temperatureC: 25,
    latDeg: 47.24612,
    lonDeg: 8.81398,
    altM: 499,
  });
});

test("anything missing, null or absurd is left out", () => {
  expect(read({})).toEqual({});
  expect(read({ rxnb: -1, rxok: 1.5, ackr: null, temp: Number.NaN, lati: 91, long: 8 })).toEqual({});
  expect(read({ lati: 0, long: 0, alti: 0 })).toEqual({});
  expect(read({ lati: 47, long: 8, alti: 1e9 })).toEqual({ latDeg: 47, lonDeg: 8 });
  expect(read({ long: 8, alti: 400 })).toEqual({});
});

test("interval counters add up; what arrives and what is told are not added twice", () => {
  const counters = new RadioCounters();
  counters.addFrame();
  counters.addFrame();
  counters.addRefusal("crc-none");
  counters.addInterval({ received: 6, receivedOk: 2 });
  expect([counters.rxOk, counters.rxBad, counters.rxNoCrc]).toEqual([2, 3, 1]);
  counters.addInterval({ received: 4, receivedOk: 4 });
  expect([counters.rxOk, counters.rxBad, counters.rxNoCrc]).toEqual([6, 3, 1]);
});

test("counters never fall", () => {
  const counters = new RadioCounters();
  counters.addInterval({ received: 3, receivedOk: 0 });
  expect(counters.rxBad).toBe(3);
  for (let count = 0; count < 3; count++) counters.addRefusal("crc-none");
  counters.addInterval({ received: 1, receivedOk: 5 });
  expect([counters.rxOk, counters.rxBad, counters.rxNoCrc]).toEqual([5, 3, 3]);
});

test("a refusal that says nothing of the CRC counts nowhere", () => {
  const counters = new RadioCounters();
  counters.addRefusal("frame_data");
  expect([counters.rxOk, counters.rxBad, counters.rxNoCrc]).toEqual([0, 0, 0]);
});

test.each([
  ["rxnb", "received", 0, 1_000_000],
  ["rxok", "receivedOk", 0, 1_000_000],
  ["ackr", "ackPercent", 0, 100],
  ["temp", "temperatureC", -60, 150],
  ["lati", "latDeg", -90, 90],
  ["long", "lonDeg", -180, 180],
  ["alti", "altM", -1000, 10_000],
] as const)("%s is %s from %d to %d, and nothing beyond", (field, name, least, most) => {
  const told = (value: number) => read({ lati: 1, long: 1, [field]: value })[name];
  expect([told(least), told(most)]).toEqual([least, most]);
  expect([told(least - 1), told(most + 1)]).toEqual([undefined, undefined]);
});
