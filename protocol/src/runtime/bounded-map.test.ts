import { expect, test } from "bun:test";
import { BoundedMap } from "./bounded-map.ts";

test("the least recently used entry goes first", () => {
  const map = new BoundedMap<string, number | undefined>(2);
  map.set("a", 1);
  map.set("b", undefined);
  expect(map.get("a")).toBe(1);
  map.set("c", 3);
  expect([map.has("a"), map.has("b"), map.has("c")]).toEqual([true, false, true]);
  map.set("a", 4);
  map.set("d", undefined);
  expect([map.get("a"), map.has("c"), map.has("d")]).toEqual([4, false, true]);
  map.delete("d");
  expect(map.get("d")).toBeUndefined();
  expect(map.has("d")).toBe(false);
});

test("entries come least recently used first, and looking whether one is there is no use", () => {
  const map = new BoundedMap<string, number>(3);
  for (const [i, key] of ["a", "b", "c"].entries()) map.set(key, i);
  expect(map.has("a")).toBe(true);
  map.get("b");
  expect([...map]).toEqual([
    ["a", 0],
    ["c", 2],
    ["b", 1],
  ]);
  map.set("d", 3);
  expect([map.size, map.has("a")]).toEqual([3, false]);
  map.clear();
  expect([map.size, [...map]]).toEqual([0, []]);
});
