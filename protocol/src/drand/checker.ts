import { pippenger } from "@noble/curves/abstract/curve.js";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { sha256 } from "../crypto/sha256.ts";
import { u32, u64 } from "../encoding/bytes.ts";
import { DRAND_SIGNATURE_BYTES } from "./chain.ts";

/** A round and what is said to be its signature (48 bytes). */
export interface SignedRound {
  round: number;
  signature: Uint8Array;
}

/** Checks signatures of one chain. */
export interface DrandChecker {
  /** Takes some 10 ms. */
  isValid(signed: SignedRound): boolean;
  /** Place of the first that is not valid, undefined when all are: some 2 ms for each, however many there are. */
  firstInvalid(signed: readonly SignedRound[]): number | undefined;
}

const { shortSignatures } = bls12_381;
const { Point: G1 } = bls12_381.G1;
/** drand's `bls-unchained-g1-rfc9380`; RFC 9380, section 8.8.1. */
const DST = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

type G1Point = InstanceType<typeof G1>;

/** What a round's signature is over: SHA-256 of its number (u64), hashed to G1. */
const pointOf = (round: number): G1Point => shortSignatures.hash(sha256(u64(round)), DST);

/** @param publicKey 96 bytes, compressed @throws {RangeError} if it is no point of G2's subgroup, or the neutral one */
export function drandChecker(publicKey: Uint8Array): DrandChecker {
  const key = keyPoint(publicKey);
  const areAllValid = (points: readonly Weighted[]): boolean => {
    const weights = points.map(({ weight }) => weight);
    const signature = pippenger(
      G1,
      points.map((one) => one.signature),
      weights,
    );
    const message = pippenger(
      G1,
      points.map((one) => one.message),
      weights,
    );
    return shortSignatures.verify(signature, message, key);
  };
  const firstInvalid = (points: readonly Weighted[]): number | undefined => {
    if (points.length === 0 || areAllValid(points)) return undefined;
    if (points.length === 1) return 0;
    const half = points.length >>> 1;
    return firstInvalid(points.slice(0, half)) ?? half + (firstInvalid(points.slice(half)) ?? 0);
  };
  return {
    isValid({ round, signature }) {
      const point = signaturePoint(signature);
      return point !== undefined && shortSignatures.verify(point, pointOf(round), key);
    },
    firstInvalid(signed) {
      const points: Weighted[] = [];
      const challenge = challengeOf(publicKey, signed);
      for (const [i, { round, signature }] of signed.entries()) {
        const point = signaturePoint(signature);
        if (point === undefined) return firstInvalid(points) ?? i;
        points.push({ signature: point, message: pointOf(round), weight: weightOf(challenge, i) });
      }
      return firstInvalid(points);
    },
  };
}

function keyPoint(publicKey: Uint8Array) {
  try {
    const point = bls12_381.G2.Point.fromBytes(publicKey);
    point.assertValidity();
    if (!point.is0()) return point;
  } catch {
    // Told below.
  }
  throw new RangeError(`The key ${publicKey.toHex()} is no drand key: 96 bytes, a point of G2, are needed`);
}

/**
 * Only a compressed point of the prime-order subgroup is a signature. That is asked of each, never of their sum alone:
 * with a point of small order added a signature passes the pairing, and a round would have several.
 */
function signaturePoint(signature: Uint8Array): G1Point | undefined {
  if (signature.length !== DRAND_SIGNATURE_BYTES) return undefined;
  try {
    const point = shortSignatures.Signature.fromBytes(signature);
    point.assertValidity();
    return point.is0() ? undefined : (point as G1Point);
  } catch {
    return undefined;
  }
}

interface Weighted {
  signature: G1Point;
  message: G1Point;
  weight: bigint;
}

/*
 * Many signatures of one key at once: e(Σ rᵢSᵢ, g) = e(Σ rᵢH(mᵢ), key), with 128-bit weights that nobody can know before
 * all signatures are fixed, since they follow from a hash of them all (Fiat-Shamir). A wrong one passes with
 * probability 2^-128. Bellare, Garay, Rabin: Fast Batch Verification (Eurocrypt 1998), the small exponents test.
 */
const challengeOf = (publicKey: Uint8Array, signed: readonly SignedRound[]): Uint8Array =>
  sha256(
    publicKey,
    ...signed.flatMap(({ round, signature }) => [u64(round), u32(signature.length), signature]),
  );

const weightOf = (challenge: Uint8Array, i: number): bigint =>
  BigInt(`0x${sha256(challenge, u32(i)).subarray(0, 16).toHex()}`) + 1n;
