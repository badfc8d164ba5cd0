import { bls12_381 } from "@noble/curves/bls12-381.js";
import { sha256 } from "../crypto/sha256.ts";
import { u64, utf8 } from "../encoding/bytes.ts";
import type { DrandChain } from "./chain.ts";

const { shortSignatures } = bls12_381;
/** Written out again, so that the checker's own constant is tested. */
const DST = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/** A chain whose key we hold: what its operators would publish. */
export interface TestChain extends DrandChain {
  /** The signature of a round, 48 bytes. */
  sign(round: number): Uint8Array;
}

export function testChain(genesisS = 1_767_225_600, periodS = 1): TestChain {
  const { secretKey, publicKey } = shortSignatures.keygen(
    new Uint8Array(shortSignatures.lengths.seed ?? 48).fill(42),
  );
  return {
    hash: sha256(utf8("a chain for tests")).toHex(),
    publicKey: publicKey.toBytes(),
    genesisS,
    periodS,
    sign: (round) =>
      shortSignatures.Signature.toBytes(
        shortSignatures.sign(shortSignatures.hash(sha256(u64(round)), DST), secretKey),
      ),
  };
}
