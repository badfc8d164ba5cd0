import { expect, test } from "bun:test";
import { DuplicateFilter } from "./duplicate-filter.ts";
import type { LoraFrame } from "./lora-reading.ts";

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
    expect(filter.filter(pair, 0)).toEqual([frame()]);
    expect(filter.dropped).toBe(1);
  }
});

test("a ghost in the next datagram is dropped; a stronger frame never is", () => {
  const filter = new DuplicateFilter();
  expect(filter.filter([frame()], 0)).toHaveLength(1);
  expect(filter.filter([ghost()], 20)).toEqual([]);
  const other = new DuplicateFilter();
  expect(other.filter([ghost()], 0)).toHaveLength(1);
  expect(other.filter([frame()], 20)).toEqual([frame()]);
  expect(other.filter([ghost()], 30)).toEqual([]);
});

test("a datagram delivered twice counts once", () => {
  const filter = new DuplicateFilter();
  expect(filter.filter([frame()], 0)).toHaveLength(1);
  expect(filter.filter([frame()], 5)).toEqual([]);
});

test("the counter may wrap between the two", () => {
  const filter = new DuplicateFilter();
  expect(filter.filter([frame({ tmstUs: 2 ** 32 - 2 }), ghost({ tmstUs: 3 })], 0)).toHaveLength(1);
});

test.each<[string, Partial<LoraFrame>]>([
  ["another payload", { bytes: new Uint8Array([1, 2, 4]) }],
  ["a longer payload", { bytes: new Uint8Array([1, 2, 3, 4]) }],
  ["another spreading factor", { spreadingFactor: 8 }],
  ["a far channel", { freqHz: 869_525_000 }],
  ["a later counter", { tmstUs: 1_010_000 }],
  ["no counter", { tmstUs: undefined }],
])("not a duplicate: %s", (_, fields) => {
  const filter = new DuplicateFilter();
  expect(filter.filter([frame(), ghost(fields)], 0)).toHaveLength(2);
  expect(filter.dropped).toBe(0);
});

// One simulator puts Unix seconds into tmst: a minute later is 60 "µs" later.
test("not a duplicate: a later arrival, whatever the host's clock says; the same arrival is one, also when it is set", () => {
  const filter = new DuplicateFilter();
  expect(filter.filter([frame()], 0)).toHaveLength(1);
  expect(filter.filter([frame({ tmstUs: 1_000_060 })], 60_000)).toHaveLength(1);
  expect(filter.filter([frame({ tmstUs: 1_000_060, atMs: 86_400_000 })], 60_005)).toEqual([]);
});

test("a level that is not told is the weaker one; SNR decides between equals", () => {
  const unknown = frame({ rssiDbm: undefined, snrDb: undefined });
  expect(new DuplicateFilter().filter([unknown, frame()], 0)).toEqual([frame()]);
  expect(new DuplicateFilter().filter([frame(), unknown], 0)).toEqual([frame()]);
  expect(new DuplicateFilter().filter([frame({ snrDb: -5 }), frame()], 0)).toEqual([frame()]);
  expect(new DuplicateFilter().filter([unknown, unknown], 0)).toHaveLength(1);
});

test("memory is bounded: the oldest is forgotten", () => {
  const filter = new DuplicateFilter({ memory: 4 });
  const others = [1, 2, 3, 4].map((byte) => frame({ bytes: new Uint8Array([9, byte]) }));
  expect(filter.filter([frame(), ...others], 0)).toHaveLength(5);
  expect(filter.filter([ghost()], 0)).toHaveLength(1);
  expect(filter.filter([others[3] as LoraFrame], 0)).toEqual([]);
});
