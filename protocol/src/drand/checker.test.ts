import { expect, test } from "bun:test";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { sha256 } from "../crypto/sha256.ts";
import { QUICKNET } from "./chain.ts";
import { drandChecker } from "./checker.ts";
import { testChain } from "./test-chain.ts";

const chain = testChain();
const checker = drandChecker(chain.publicKey);
const rounds = Array.from({ length: 5 }, (_, i) => ({ round: i + 5, signature: chain.sign(i + 5) }));
const { Point: G1 } = bls12_381.G1;

/** Round 5928395 of quicknet, as drand published it. */
const PUBLISHED = {
  round: 5_928_395,
  signature: Uint8Array.fromHex(
    "a5d07c0071b4e386b3ae09206522253c68fefe8490ad59ecc44a7dd0d0745be91da5779e2247a82403fbc0cb9a34cb61",
  ),
};

test("a published round of quicknet holds, and its signature holds for no other", () => {
  const quicknet = drandChecker(QUICKNET.publicKey);
  expect(quicknet.isValid(PUBLISHED)).toBe(true);
  expect(quicknet.firstInvalid([PUBLISHED])).toBeUndefined();
  expect(quicknet.isValid({ ...PUBLISHED, round: PUBLISHED.round + 1 })).toBe(false);
  const randomness = sha256(PUBLISHED.signature).toHex();
  expect([randomness.slice(0, 8), randomness.slice(-7)]).toEqual(["51722dab", "373fc58"]);
  expect(checker.isValid(PUBLISHED)).toBe(false);
});

test("many are checked at once, and the first wrong one is named", () => {
  expect(checker.firstInvalid([])).toBeUndefined();
  expect(checker.firstInvalid(rounds)).toBeUndefined();
  for (let i = 0; i < rounds.length; i++) {
    const swapped = rounds.with(i, { round: i + 5, signature: chain.sign(99) });
    expect(checker.firstInvalid(swapped)).toBe(i);
  }
});

test("two wrong ones that cancel each other out do not pass together", () => {
  const [a, b] = rounds.map(({ signature }) => G1.fromBytes(signature));
  if (a === undefined || b === undefined) throw new Error("no rounds");
  const off = G1.BASE.multiply(5n);
  const [forgedA, forgedB] = [a.add(off), b.subtract(off)].map((point) => point.toBytes());
  const forged = [
    { round: 5, signature: forgedA as Uint8Array },
    { round: 6, signature: forgedB as Uint8Array },
  ];
  // Their plain sum is that of the true ones.
  expect(
    forged
      .map(({ signature }) => G1.fromBytes(signature))
      .reduce((x, y) => x.add(y))
      .equals(a.add(b)),
  ).toBe(true);
  expect(checker.firstInvalid(forged)).toBe(0);
});

/** A point of order 3, which the curve has beside the group of prime order: y² = x³ + 4 at x = 0, y = 2. */
const ORDER_3 = (() => {
  const bytes = new Uint8Array(48);
  bytes[0] = 0x80;
  return bytes;
})();

/** As the curve's library, which refuses to, would write it. */
function compressed({ x, y }: { x: bigint; y: bigint }): Uint8Array {
  const bytes = Uint8Array.fromHex(x.toString(16).padStart(96, "0"));
  const isLarger = y > (bls12_381.fields.Fp.ORDER - 1n) / 2n;
  bytes[0] = (bytes[0] as number) | 0x80 | (isLarger ? 0x20 : 0);
  return bytes;
}

test("what is no point of the group is no signature, alone or among others", () => {
  const [first] = rounds;
  if (first === undefined) throw new Error("no rounds");
  const infinity = new Uint8Array(48);
  infinity[0] = 0xc0;
  const withTorsion = compressed(
    G1.fromBytes(first.signature)
      .add(G1.fromAffine({ x: 0n, y: 2n }))
      .toAffine(),
  );
  const bad: Uint8Array[] = [
    new Uint8Array(),
    first.signature.subarray(0, 47),
    new Uint8Array(96),
    new Uint8Array(48).fill(0xff),
    infinity,
    ORDER_3,
    withTorsion,
    // The other sign of y: the negative of the signature.
    first.signature.map((byte, i) => (i === 0 ? byte ^ 0x20 : byte)),
    // Not compressed, by its flag.
    first.signature.map((byte, i) => (i === 0 ? byte & 0x7f : byte)),
  ];
  for (const signature of bad) {
    expect(checker.isValid({ round: 5, signature })).toBe(false);
    expect(checker.firstInvalid([...rounds.slice(1), { round: 5, signature }])).toBe(rounds.length - 1);
  }
});

test("a key that is none is refused", () => {
  const neutral = new Uint8Array(96);
  neutral[0] = 0xc0;
  for (const key of [new Uint8Array(96), new Uint8Array(48), neutral, chain.publicKey.subarray(1)]) {
    expect(() => drandChecker(key)).toThrow("is no drand key: 96 bytes, a point of G2, are needed");
  }
});
