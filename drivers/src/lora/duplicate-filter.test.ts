import { expect, test } from "bun:test";
import { DuplicateFilter } from "./duplicate-filter.ts";
import type { LoraFrame } from "./reading.ts";

const frame = (fields: Partial<LoraFrame> = {}): LoraFrame => ({
  kind: "frame",
  modulation: "lora",
  atMs: 0,
  bytes: new Uint8Array([1, 2, 3]),
  freqHz: 868_100_000,
  spreadingFactor: 7,
  bandwidthHz: 125_000,
  rssiDbm: -60,
  snrDb: 9,
  tmstUs: 1_000_000,
  ...fields,
});
const ghost = (fields: Partial<LoraFrame> = {}) =>
  frame({ freqHz: 868_300_000, rssiDbm: -104, tmstUs: 1_000_004, ...fields });

test("of a frame and its ghost in one datagram the stronger is kept, whichever comes first", () => {
  for (const pair of [
    [frame(), ghost()],
    [ghost(), frame()],
  ]) {
    const filter = new DuplicateFilter();
    expect(filter.filter(pair)).toEqual([frame()]);
    expect(filter.dropped).toBe(1);
  }
});

test("a ghost in the next datagram is dropped; a stronger frame never is", () => {
  const filter = new DuplicateFilter();
  expect(filter.filter([frame()])).toHaveLength(1);
  expect(filter.filter([ghost({ atMs: 20 })])).toEqual([]);
  const other = new DuplicateFilter();
  expect(other.filter([ghost()])).toHaveLength(1);
  expect(other.filter([frame({ atMs: 20 })])).toEqual([frame({ atMs: 20 })]);
  expect(other.filter([ghost({ atMs: 30 })])).toEqual([]);
});

test("a datagram delivered twice counts once", () => {
  const filter = new DuplicateFilter();
  expect(filter.filter([frame()])).toHaveLength(1);
  expect(filter.filter([frame({ atMs: 5 })])).toEqual([]);
});

test("the counter may wrap between the two", () => {
  const filter = new DuplicateFilter();
  expect(filter.filter([frame({ tmstUs: 2 ** 32 - 2 }), ghost({ tmstUs: 3 })])).toHaveLength(1);
});

test.each<[string, Partial<LoraFrame>]>([
  ["another payload", { bytes: new Uint8Array([1, 2, 4]) }],
  ["a longer payload", { bytes: new Uint8Array([1, 2, 3, 4]) }],
  ["another spreading factor", { spreadingFactor: 8 }],
  ["a far channel", { freqHz: 869_525_000 }],
  ["a later counter", { tmstUs: 1_010_000 }],
  ["no counter", { tmstUs: undefined }],
  // One simulator puts Unix seconds into tmst: a minute later is 60 "µs" later.
  ["a later arrival", { tmstUs: 1_000_060, atMs: 60_000 }],
])("not a duplicate: %s", (_, fields) => {
  const filter = new DuplicateFilter();
  expect(filter.filter([frame(), ghost(fields)])).toHaveLength(2);
  expect(filter.dropped).toBe(0);
});

test("a level that is not told is the weaker one; SNR decides between equals", () => {
  const unknown = frame({ rssiDbm: undefined, snrDb: undefined });
  expect(new DuplicateFilter().filter([unknown, frame()])).toEqual([frame()]);
  expect(new DuplicateFilter().filter([frame(), unknown])).toEqual([frame()]);
  expect(new DuplicateFilter().filter([frame({ snrDb: -5 }), frame()])).toEqual([frame()]);
  expect(new DuplicateFilter().filter([unknown, unknown])).toHaveLength(1);
});

test("memory is bounded: the oldest is forgotten", () => {
  const filter = new DuplicateFilter({ memory: 4 });
  const others = [1, 2, 3, 4].map((byte) => frame({ bytes: new Uint8Array([9, byte]) }));
  expect(filter.filter([frame(), ...others])).toHaveLength(5);
  expect(filter.filter([ghost()])).toHaveLength(1);
  expect(filter.filter([others[3] as LoraFrame])).toEqual([]);
});
