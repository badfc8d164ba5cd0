import { expect, test } from "bun:test";
import type { ReceivedPacket, SequenceRange } from "@earshot/protocol";
import fc from "fast-check";
import { runsOf, usedAfter } from "./check-sequences.ts";

const numbers = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });

const numbersIn = (runs: readonly SequenceRange[]): number[] =>
  runs.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
const sorted = (all: readonly number[]): number[] => [...new Set(all)].sort((a, b) => a - b);
const areApart = (runs: readonly SequenceRange[]): boolean =>
  runs.every(({ first }, i) => i === 0 || first > (runs[i - 1]?.last ?? 0) + 1);

test("runs hold just the numbers that they are made of, and do not touch", () => {
  fc.assert(
    fc.property(numbers, (list) => {
      const runs = runsOf(list);
      expect(numbersIn(runs)).toEqual(sorted(list));
      expect(areApart(runs)).toBe(true);
    }),
  );
});

test("numbers of an epoch join those used before, hotspot by hotspot, and what was known stays as it was", () => {
  fc.assert(
    fc.property(numbers, numbers, (earlier, now) => {
      const known = new Map([
        ["a", runsOf(earlier)],
        ["b", runsOf([5])],
      ]);
      const packets = now.map((sequence) => ({ hotspotId: "a", packet: { sequence } }) as ReceivedPacket);
      const used = usedAfter(known, [
        ...packets,
        { hotspotId: "c", packet: { sequence: 9 } } as ReceivedPacket,
      ]);
      expect(numbersIn(used.get("a") ?? [])).toEqual(sorted([...earlier, ...now]));
      expect(areApart(used.get("a") ?? [])).toBe(true);
      expect([used.get("b"), used.get("c")]).toEqual([runsOf([5]), runsOf([9])]);
      expect(known.get("a")).toEqual(runsOf(earlier));
    }),
  );
});
