import { expect, test } from "bun:test";
import { heliumDenylist, parseHeliumAddress } from "./identity.ts";

const ADDRESS = "13WvV82S7QN3VMzMSieiGxvuaPKknMtf213E5JwPnboDkUfesKw";

test("an address gives network, type and key", () => {
  expect(parseHeliumAddress(ADDRESS)).toMatchObject({ network: "mainnet", type: "ed25519" });
  expect(parseHeliumAddress(ADDRESS)?.key).toHaveLength(32);
  // A hotspot's own, in a secure element: keys named in the unit tests of oracles-iot.
  expect(parseHeliumAddress("112bUuQaE7j73THS9ABShHGokm46Miip9L361FSyWv7zSYn8hZWf")?.type).toBe(
    "ecc_compact",
  );
});

test("a wrong character, a missing one and other text give nothing", () => {
  const changed = [`${ADDRESS.slice(0, -1)}x`, ADDRESS.slice(1), ADDRESS.slice(0, -1), "", "0OIl", "1111"];
  for (const address of changed) expect(parseHeliumAddress(address)).toBeUndefined();
});

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
