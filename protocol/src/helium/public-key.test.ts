import { expect, test } from "bun:test";
import { parseHeliumAddress } from "./public-key.ts";

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
