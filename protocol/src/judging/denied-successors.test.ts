import { expect, test } from "bun:test";
import type { Denial } from "../network/denial.ts";
import { denialSubject, edgeSubject } from "../network/denial.ts";
import { denialsWithSuccessors } from "./denied-successors.ts";

const key = (number: number) => new Uint8Array(32).fill(number);
const hotspot = (number: number, before: number | null) => ({
  id: `h${number}`,
  publicKey: key(number),
  predecessor: before === null ? null : `h${before}`,
});
const hotspots = (...all: ReturnType<typeof hotspot>[]) => new Map(all.map((one) => [one.id, one]));
const denial = (of: number, peer: number | null, untilEpoch = 9): Denial => ({
  ...{ hotspot: key(of), peer: peer === null ? null : key(peer), reason: "r", evidence: "e" },
  ...{ atMs: 1, fromEpoch: 1, untilEpoch },
});
const inForce = (...all: Denial[]) => new Map(all.map((one) => [denialSubject(one), one]));
const untilOf = (denials: ReadonlyMap<string, Denial>) =>
  Object.fromEntries([...denials].map(([subject, { untilEpoch }]) => [subject, untilEpoch]));

test("a denial holds for whoever takes the place, also at second hand, and for nobody else", () => {
  const line = hotspots(hotspot(1, null), hotspot(2, 1), hotspot(3, 2), hotspot(4, null), hotspot(5, 4));
  expect(untilOf(denialsWithSuccessors(inForce(denial(1, null)), line))).toEqual({
    [key(1).toHex()]: 9,
    [key(2).toHex()]: 9,
    [key(3).toHex()]: 9,
  });
  expect(untilOf(denialsWithSuccessors(inForce(denial(2, null)), line))).toEqual({
    [key(2).toHex()]: 9,
    [key(3).toHex()]: 9,
  });
});

test("an edge's denial holds between the successors of both ends", () => {
  const both = hotspots(hotspot(1, null), hotspot(8, 1), hotspot(4, null), hotspot(2, 4));
  const found = denialsWithSuccessors(inForce(denial(1, 4)), both);
  const edges = [
    [1, 4],
    [8, 4],
    [1, 2],
    [8, 2],
  ] as const;
  expect([...found.keys()].sort()).toEqual(edges.map(([a, b]) => edgeSubject(key(a), key(b))).sort());
});

test("of several the one that ends last counts, in any order", () => {
  const line = hotspots(hotspot(1, null), hotspot(2, 1), hotspot(3, 2));
  const [first, second] = [denial(1, null, 7), denial(2, null, 12)];
  const own = denial(3, null, 5);
  for (const all of [
    [first, second, own],
    [own, second, first],
  ])
    expect(denialsWithSuccessors(inForce(...all), line).get(key(3).toHex())).toBe(second);
});

test("where nobody took another's place, the list stays as it is", () => {
  const list = inForce(denial(1, null));
  expect(denialsWithSuccessors(list, hotspots(hotspot(1, null), hotspot(2, null)))).toBe(list);
  expect(denialsWithSuccessors(list, hotspots(hotspot(2, 1)))).toBe(list);
});
