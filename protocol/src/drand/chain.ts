import { sha256 } from "../crypto/sha256.ts";
import { concatBytes, u32, utf8 } from "../encoding/bytes.ts";

/*
 * drand (docs.drand.love, "Beacon Randomness"): a group of independent operators signs the number of each round with a
 * key that none of them holds alone. A signature is the only valid one for its round, and nobody knows it earlier than a
 * threshold of them makes it.
 */

/** A drand chain of the scheme `bls-unchained-g1-rfc9380`: signatures on G1 over the round's number alone. */
export interface DrandChain {
  /** SHA-256 of the chain's description, 64 lower-case hex digits: its name in relays' addresses. */
  hash: string;
  /** The group's key, on G2, compressed: 96 bytes. */
  publicKey: Uint8Array;
  /** Time of round 1, seconds since the Unix epoch. */
  genesisS: number;
  periodS: number;
}

/**
 * The League of Entropy's quicknet. Hash, key, genesis and period are those of its chain information; the hash is
 * SHA-256(period u32 ‖ genesis i64 ‖ key ‖ group hash ‖ "quicknet"), which the tests compute again.
 */
export const QUICKNET: DrandChain = {
  hash: "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
  publicKey: Uint8Array.fromHex(
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451" +
      "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
  ),
  genesisS: 1_692_803_367,
  periodS: 3,
};

/** Bytes of a key (G2) and of a signature (G1), both compressed. */
export const DRAND_KEY_BYTES = 96;
export const DRAND_SIGNATURE_BYTES = 48;

type Timing = Pick<DrandChain, "genesisS" | "periodS">;

/** When a round's signature is made, ms since the Unix epoch. */
export const drandRoundTimeMs = (round: number, { genesisS, periodS }: Timing): number =>
  (genesisS + (round - 1) * periodS) * 1000;

/** The first round that is not made before `atMs`; 1 for times before the chain began. */
export const drandRoundAt = (atMs: number, { genesisS, periodS }: Timing): number =>
  Math.max(0, Math.ceil((atMs - genesisS * 1000) / (periodS * 1000))) + 1;

const LABEL = utf8("earshot-entropy\0");

/**
 * The value of an entropy index: SHA-256("earshot-entropy" ‖ 0 ‖ signature ‖ length of the network's name, one byte ‖ name ‖
 * index u32). Each network and index has its own, also where two share a round.
 */
export function drandEntropy(signature: Uint8Array, network: string, index: number): Uint8Array {
  const name = utf8(network);
  return sha256(concatBytes(LABEL, signature, Uint8Array.of(name.length), name, u32(index)));
}
