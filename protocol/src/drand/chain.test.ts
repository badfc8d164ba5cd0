import { expect, test } from "bun:test";
import fc from "fast-check";
import { sha256 } from "../crypto/sha256.ts";
import { u32, u64, utf8 } from "../encoding/bytes.ts";
import { drandEntropy, drandRoundAt, drandRoundTimeMs, QUICKNET } from "./chain.ts";

test("quicknet's hash names its key, period and beginning", () => {
  const { genesisS, hash, periodS, publicKey } = QUICKNET;
  // Of the chain information that relays serve: the hash of the group that made the key.
  const group = Uint8Array.fromHex("f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e");
  expect(sha256(u32(periodS), u64(genesisS), publicKey, group, utf8("quicknet")).toHex()).toBe(hash);
});

test("the round for a moment is the first that nobody can know before it", () => {
  const atMs = Date.UTC(2026, 10, 30, 12);
  expect(drandRoundAt(QUICKNET.genesisS * 1000, QUICKNET)).toBe(1);
  expect(drandRoundAt(QUICKNET.genesisS * 1000 + 1, QUICKNET)).toBe(2);
  expect(drandRoundAt(0, QUICKNET)).toBe(1);
  expect(drandRoundTimeMs(drandRoundAt(atMs, QUICKNET), QUICKNET) - atMs).toBeWithin(0, 3000);
});

test("property: no earlier round would do", () => {
  const chain = fc.record({
    genesisS: fc.integer({ min: 0, max: 2 ** 31 }),
    periodS: fc.integer({ min: 1, max: 3600 }),
  });
  fc.assert(
    fc.property(chain, fc.integer({ min: 0, max: 2 ** 42 }), (timing, afterMs) => {
      const atMs = timing.genesisS * 1000 + afterMs;
      const round = drandRoundAt(atMs, timing);
      expect(drandRoundTimeMs(round, timing)).toBeGreaterThanOrEqual(atMs);
      if (round > 1) expect(drandRoundTimeMs(round - 1, timing)).toBeLessThan(atMs);
    }),
  );
});

test("each network and each index has its own value, however names and numbers lie next to each other", () => {
  const signature = new Uint8Array(48).fill(7);
  const values = [
    drandEntropy(signature, "a", 0x62000000),
    drandEntropy(signature, "ab", 0),
    drandEntropy(signature, "b", 0),
    drandEntropy(signature, "b", 1),
    drandEntropy(
      signature.map(() => 8),
      "b",
      1,
    ),
  ];
  expect(new Set(values.map((value) => value.toHex())).size).toBe(values.length);
  expect(values[3]?.toHex()).toBe(
    sha256(utf8("earshot-entropy"), Uint8Array.of(0), signature, Uint8Array.of(1), utf8("b"), u32(1)).toHex(),
  );
});
