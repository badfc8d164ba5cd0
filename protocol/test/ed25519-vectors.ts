import { createHash } from "node:crypto";
import { etc, hashes, Point, utils } from "@noble/ed25519";
import { concatBytes, utf8 } from "../src/encoding/bytes.ts";

/** A signature and whether the one rule accepts it. Hostile ones are built here from points, not copied. */
export interface SignatureVector {
  name: string;
  publicKey: Uint8Array;
  message: Uint8Array;
  signature: Uint8Array;
  accepted: boolean;
}

/** noble brings no synchronous SHA-512 of its own. */
hashes.sha512 = (message) => new Uint8Array(createHash("sha512").update(message).digest());

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(/\s/g, ""));
const ORDER = Point.CURVE().n;
const PRIME = Point.CURVE().p;

/** RFC 8032 §7.1: tests 1, 2, 3 and SHA(abc). */
export const RFC_8032 = [
  {
    name: "RFC 8032 test 1",
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature: `e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
      5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b`,
  },
  {
    name: "RFC 8032 test 2",
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature: `92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
      085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00`,
  },
  {
    name: "RFC 8032 test 3",
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature: `6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
      18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a`,
  },
  {
    name: "RFC 8032 test SHA(abc)",
    seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    publicKey: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    message: `ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
      2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f`,
    signature: `dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589
      09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704`,
  },
].map(({ name, ...texts }) => ({
  name,
  seed: hex(texts.seed),
  publicKey: hex(texts.publicKey),
  message: hex(texts.message),
  signature: hex(texts.signature),
}));

/** A point of order 8; its multiples are the eight points of small order. */
const TORSION = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
const torsion = (count: number): Point =>
  Array.from({ length: count }).reduce<Point>((sum) => sum.add(TORSION), Point.ZERO);

/** All y from p to 2^255 − 1, with either sign of x: second spellings of y = 0 … 18. */
export const NON_CANONICAL_KEYS: Uint8Array[] = Array.from({ length: 38 }, (_, i) =>
  littleEndian(PRIME + BigInt(i % 19) + (i < 19 ? 0n : 1n << 255n)),
).concat(
  // x = 0 with the sign bit set.
  littleEndian(1n | (1n << 255n)),
  littleEndian((PRIME - 1n) | (1n << 255n)),
);
export const SMALL_ORDER_KEYS: Uint8Array[] = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => torsion(i).toBytes());
/** A good key plus each point of small order but zero. */
export const mixedOrderKeys = (publicKey: Uint8Array): Uint8Array[] =>
  [1, 2, 3, 4, 5, 6, 7].map((i) => Point.fromBytes(publicKey).add(torsion(i)).toBytes());

function littleEndian(value: bigint): Uint8Array {
  return hex(value.toString(16).padStart(64, "0")).reverse();
}

const toInteger = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Uint8Array.from(bytes).reverse().toHex() || "0"}`);

/** Signs by hand, so that key and R may be moved by points of small order. */
function forge(seed: Uint8Array, message: Uint8Array, keyTorsion: number, rTorsion: number) {
  const { scalar, point } = utils.getExtendedPublicKey(seed);
  const publicKey = point.add(torsion(keyTorsion)).toBytes();
  const nonce = toInteger(seed) % ORDER;
  const r = Point.BASE.multiply(nonce).add(torsion(rTorsion)).toBytes();
  const digest = createHash("sha512").update(r).update(publicKey).update(message).digest();
  const s = etc.mod(nonce + etc.mod(toInteger(digest), ORDER) * scalar, ORDER);
  return { publicKey, message, signature: concatBytes(r, littleEndian(s)) };
}

function withS(signature: Uint8Array, change: (s: bigint) => bigint): Uint8Array {
  return concatBytes(signature.subarray(0, 32), littleEndian(change(toInteger(signature.subarray(32)))));
}

export function signatureVectors(): SignatureVector[] {
  const [first] = RFC_8032 as [(typeof RFC_8032)[0]];
  const message = utf8("earshot");
  const good = RFC_8032.map((vector) => ({ ...vector, accepted: true }));
  const made = (name: string, keyTorsion: number, rTorsion: number, accepted = false) => ({
    name,
    ...forge(first.seed, message, keyTorsion, rTorsion),
    accepted,
  });
  const altered = (name: string, signature: Uint8Array) => ({ ...first, name, signature, accepted: false });
  return [
    ...good,
    made("signed by hand", 0, 0, true),
    ...[1, 2, 3, 4, 5, 6, 7].flatMap((i) => [
      made(`R moved by torsion point ${i}: holds only with the cofactor`, 0, i),
      made(`key moved by torsion point ${i}`, i, 0),
      made(`key and R moved by torsion point ${i}`, i, i),
    ]),
    altered(
      "S + L",
      withS(first.signature, (s) => s + ORDER),
    ),
    altered(
      "S = L",
      withS(first.signature, () => ORDER),
    ),
    altered(
      "S + 2^255",
      withS(first.signature, (s) => s + (1n << 255n)),
    ),
    altered("63 bytes", first.signature.subarray(1)),
    altered("65 bytes", concatBytes(first.signature, Uint8Array.of(0))),
    ...[...SMALL_ORDER_KEYS, ...NON_CANONICAL_KEYS].map((publicKey, i) => ({
      name: `key of small order or not canonical ${i}, S = 0`,
      publicKey,
      message,
      signature: concatBytes(publicKey, new Uint8Array(32)),
      accepted: false,
    })),
    altered("R = key, S = 0", concatBytes(first.publicKey, new Uint8Array(32))),
  ];
}
