import { expect, test } from "bun:test";
import type { SequenceRange } from "@earshot/protocol";
import fc from "fast-check";
import { addToRanges } from "./sequence-ranges.ts";

test("ranges hold exactly the numbers added, ascending and apart", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (numbers) => {
      const ranges: SequenceRange[] = [];
      for (const number of numbers) addToRanges(ranges, number);
      const held = ranges.flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, i) => first + i),
      );
      expect(held).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      for (const [i, { first }] of ranges.entries())
        expect(first).toBeGreaterThan((ranges[i - 1]?.last ?? -1) + 1);
    }),
  );
});
