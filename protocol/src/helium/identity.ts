import { createBase58check } from "@scure/base";
import { sha256 } from "../crypto/sha256.ts";
import type { HeliumDenylist } from "./types.ts";

const base58check = createBase58check((bytes: Uint8Array) => sha256(bytes));

/** Low half of the tag byte. */
const KEY_TYPES = ["ecc_compact", "ed25519", "multisig", "secp256k1", "rsa"] as const;
const KEY_BYTES = { ed25519: 32, ecc_compact: 32 } as const;

interface HeliumPublicKey {
  network: "mainnet" | "testnet";
  type: (typeof KEY_TYPES)[number];
  key: Uint8Array;
}

/**
 * A Helium address: base58check of version byte 0, tag byte (network, key type) and key.
 * `undefined` when checksum, version, tag or length is wrong.
 */
export function parseHeliumAddress(address: string): HeliumPublicKey | undefined {
  const [version, tag = 0xff, ...key] = decode(address);
  const type = KEY_TYPES[tag & 0x0f];
  if (version !== 0 || type === undefined || tag >> 4 > 1) return undefined;
  if ((type === "ed25519" || type === "ecc_compact") && key.length !== KEY_BYTES[type]) return undefined;
  return { network: tag >> 4 === 0 ? "mainnet" : "testnet", type, key: Uint8Array.from(key) };
}

function decode(address: string): Uint8Array {
  try {
    return base58check.decode(address);
  } catch {
    return new Uint8Array();
  }
}

const edgeOf = (a: string, b: string): string => [a, b].sort().join(" ");

/**
 * Hotspots and edges that are not paid. Helium's list was an xor filter over hashes; an empty one contained everything,
 * so a list that failed to load denied everybody. That is kept; the filter's false positives (1 in 65,536) are not.
 */
export function heliumDenylist(
  hotspots: Iterable<string>,
  edges: Iterable<readonly [string, string]> = [],
): HeliumDenylist {
  const denied = new Set(hotspots);
  const deniedEdges = new Set([...edges].map(([a, b]) => edgeOf(a, b)));
  const isEmpty = denied.size === 0 && deniedEdges.size === 0;
  return {
    deniesHotspot: (key) => isEmpty || denied.has(key),
    deniesEdge: (a, b) => isEmpty || deniedEdges.has(edgeOf(a, b)),
  };
}
