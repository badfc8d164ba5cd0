import { describe, expect, test } from "bun:test";
import { keccak_256, keccakP } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { createKeccak256, HASH_WORDS, keccakF1600 } from "./keccak256.ts";

/** The state of zeros after one and two permutations: the Keccak team's KeccakF-1600-IntermediateValues. */
const PERMUTED = [
  `F1258F7940E1DDE7 84D5CCF933C0478A D598261EA65AA9EE BD1547306F80494D 8B284E056253D057
   FF97A42D7F8E6FD4 90FEE5A0A44647C4 8C5BDA0CD6192E76 AD30A6F71B19059C 30935AB7D08FFC64
   EB5AA93F2317D635 A9A6E6260D712103 81A57C16DBCF555F 43B831CD0347C826 01F22F1A11A5569F
   05E5635A21D9AE61 64BEFEF28CC970F2 613670957BC46611 B87C5A554FD00ECB 8C3EE88A1CCF32C8
   940C7922AE3A2614 1841F924A2C509E4 16F53526E70465C2 75F644E97F30A13B EAF1FF7B5CECA249`,
  `2D5C954DF96ECB3C 6A332CD07057B56D 093D8D1270D76B6C 8A20D9B25569D094 4F9C4F99E5E7F156
   F957B9A2DA65FB38 85773DAE1275AF0D FAF4F247C3D810F7 1F1B9EE6F79A8759 E4FECC0FEE98B425
   68CE61B6B9CE68A1 DEEA66C4BA8F974F 33C43D836EAFB1F5 E00654042719DBD9 7CF8A9F009831265
   FD5449A6BF174743 97DDAD33D8994B40 48EAD5FC5D0BE774 E3B8C8EE55B7B03C 91A0226E649E42E9
   900E3129E7BADD7B 202A9EC5FAA3CCE8 5B3402464E1C3DB6 609F4E62A44C1059 20D06CD26A8FBF5C`,
];

describe("the permutation", () => {
  test("gives the published states", () => {
    const { state, permute } = keccakF1600();
    for (const lanes of PERMUTED) {
      permute();
      const expected = lanes.split(/\s+/).map((lane) => BigInt(`0x${lane}`));
      expect([...new BigUint64Array(state, 0, 25)]).toEqual(expected);
    }
  });

  test("does with any state what @noble/hashes does", () => {
    const { state, permute } = keccakF1600();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 200, maxLength: 200 }), (bytes) => {
        new Uint8Array(state).set(bytes);
        permute();
        const expected = new Uint32Array(bytes.slice().buffer);
        keccakP(expected);
        expect(new Uint32Array(state, 0, 50)).toEqual(expected);
      }),
    );
  });
});

const keccak = createKeccak256();

function hashed(...parts: readonly Uint32Array[]): string {
  const words = new Uint32Array(HASH_WORDS);
  for (const part of parts) keccak.absorb(part, 0, part.length);
  keccak.digest(words, 0);
  return new Uint8Array(words.buffer).toHex();
}

describe("Keccak-256", () => {
  // Empty: the code hash of an account without code. 32 and 64 zeros: storage slots 0 and mapping[0] of any contract.
  test.each([
    [0, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"],
    [32, "290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563"],
    [64, "ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5"],
  ])("of %d zero bytes, as Ethereum knows it", (length, hash) => {
    expect(hashed(new Uint32Array(length / 4))).toBe(hash);
  });

  test("of every length up to three blocks is @noble/hashes's", () => {
    for (let words = 0; words <= 3 * 34 + 1; words++) {
      const message = Uint32Array.from({ length: words }, (_, i) => Math.imul(i + 1, 2_654_435_761));
      expect(hashed(message)).toBe(keccak_256(new Uint8Array(message.buffer)).toHex());
    }
  });

  test("of any words in any two parts is @noble/hashes's", () => {
    fc.assert(
      fc.property(fc.uint32Array({ maxLength: 80 }), fc.nat(80), (message, cut) => {
        const expected = keccak_256(new Uint8Array(message.slice().buffer)).toHex();
        expect(hashed(message.slice(0, cut), message.slice(cut))).toBe(expected);
      }),
    );
  });

  test("reads and writes only the words it is told to", () => {
    const words = Uint32Array.from({ length: 24 }, (_, i) => i);
    keccak.absorb(words, 3, 5);
    keccak.digest(words, 10);
    const hash = keccak_256(new Uint8Array(Uint32Array.of(3, 4, 5, 6, 7).buffer));
    expect(new Uint8Array(words.slice(10, 18).buffer)).toEqual(hash);
    expect([...words.slice(0, 10), ...words.slice(18)]).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 18, 19, 20, 21, 22, 23,
    ]);
  });
});
