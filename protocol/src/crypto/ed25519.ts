import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { Point } from "@noble/ed25519";
import { concatBytes } from "../encoding/bytes.ts";

/** Signs with a private key that it never reveals: from a file, later in a TPM or a secure element. */
export interface Signer {
  /** 32 bytes, RFC 8032. */
  readonly publicKey: Uint8Array;
  /** 64-byte Ed25519 signature of `message`. Synchronous, so that a run in virtual time repeats exactly. */
  sign(message: Uint8Array): Uint8Array;
}

/** PKCS #8 (RFC 8410 §7) and SubjectPublicKeyInfo (§4) up to the key's own 32 bytes. */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");

/** The order of the prime subgroup, little endian: S must be below it (RFC 8032 §5.1.7). */
const GROUP_ORDER = Uint8Array.fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

/** @param seed 32 bytes, the private key of RFC 8032 §5.1.5 */
export function signerFromSeed(seed: Uint8Array): Signer {
  if (seed.length !== 32) throw new RangeError(`Ed25519 seed has ${seed.length} bytes; 32 are needed`);
  const key = createPrivateKey({
    key: Buffer.from(concatBytes(PKCS8_PREFIX, seed)),
    format: "der",
    type: "pkcs8",
  });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(spki.subarray(spki.length - 32)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

/**
 * Whether a key may be registered: canonical and of prime order. Only for such keys do all Ed25519 implementations
 * agree on which signatures are valid. Takes about a millisecond, once per key.
 */
export function isAdmissibleKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  try {
    const point = Point.fromBytes(publicKey, false);
    return !point.is0() && point.isTorsionFree();
  } catch {
    return false;
  }
}

/** An imported public key, for many verifications. */
export type VerifyingKey = KeyObject;

export function importKey(publicKey: Uint8Array): VerifyingKey {
  if (publicKey.length !== 32)
    throw new RangeError(`Ed25519 key has ${publicKey.length} bytes; 32 are needed`);
  return createPublicKey({
    key: Buffer.from(concatBytes(SPKI_PREFIX, publicKey)),
    format: "der",
    type: "spki",
  });
}

function isCanonicalS(signature: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (signature[32 + i] as number) - (GROUP_ORDER[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * Whether a signature is valid: S canonical, and the equation without the cofactor, computed natively. `key` must be
 * admissible (`isAdmissibleKey`), or two verifiers may disagree.
 */
export function verifyEd25519(key: VerifyingKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || !isCanonicalS(signature)) return false;
  return verify(null, message, key, signature);
}
