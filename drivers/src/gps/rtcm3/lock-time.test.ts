import { expect, test } from "bun:test";
import { lockTime } from "./lock-time.ts";

// RTCM 10403.3: table 3.5-74 (DF402) and 3.5-75 (DF407), first and last lines of the ranges.
test.each([
  [4, 0, 0, 32],
  [4, 1, 32, 64],
  [4, 14, 262_144, 524_288],
  [4, 15, 524_288, Number.POSITIVE_INFINITY],
  [10, 0, 0, 1],
  [10, 63, 63, 64],
  [10, 64, 64, 66],
  [10, 95, 126, 128],
  [10, 96, 128, 132],
  [10, 128, 256, 264],
  [10, 672, 33_554_432, 34_603_008],
  [10, 703, 66_060_288, 67_108_864],
  [10, 704, 67_108_864, Number.POSITIVE_INFINITY],
])("%d bits, indicator %d: from %d ms to below %d ms", (bits, indicator, minMs, belowMs) => {
  expect(lockTime(indicator, bits)).toEqual({ minMs, belowMs });
});

test("reserved indicators say nothing", () => {
  for (let indicator = 705; indicator < 1024; indicator += 1) expect(lockTime(indicator, 10)).toBeUndefined();
});

test("ranges join without gap or overlap", () => {
  for (let indicator = 0; indicator < 704; indicator += 1) {
    expect(lockTime(indicator, 10)?.belowMs).toBe(lockTime(indicator + 1, 10)?.minMs ?? -1);
  }
});
