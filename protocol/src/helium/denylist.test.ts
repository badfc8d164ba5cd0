import { expect, test } from "bun:test";
import { heliumDenylist } from "./denylist.ts";

test("denies who is listed, and edges in both directions", () => {
  const list = heliumDenylist(["a"], [["c", "b"]]);
  expect(["a", "b", "c"].map((key) => list.deniesHotspot(key))).toEqual([true, false, false]);
  expect([list.deniesEdge("b", "c"), list.deniesEdge("c", "b"), list.deniesEdge("a", "b")]).toEqual([
    true,
    true,
    false,
  ]);
});

test("an empty list denies everybody, as Helium's empty filter did", () => {
  const list = heliumDenylist([]);
  expect([list.deniesHotspot("anybody"), list.deniesEdge("a", "b")]).toEqual([true, true]);
});
