import { concatBytes } from "@earshot/protocol";
import { base32nopad } from "@scure/base";

/** CID version 1, codec "raw" (0x55), multihash sha2-256 (0x12) of 32 bytes. */
const PREFIX = Uint8Array.of(1, 0x55, 0x12, 32);

/**
 * The CID of a file from its SHA-256, in lower-case base32 (multibase "b"), 59 characters: what IPFS tools call it.
 * @throws {RangeError} unless the hash has 32 bytes
 */
export function cidOf(hash: Uint8Array): string {
  if (hash.length !== 32) throw new RangeError(`SHA-256 has 32 bytes; ${hash.length} were given`);
  return `b${base32nopad.encode(concatBytes(PREFIX, hash)).toLowerCase()}`;
}
