import { amount, bytes, list, nullable, record, text } from "../packet/fields.ts";
import { timeMs, uint32 } from "../packet/shapes.ts";
import { messageCodec } from "./message.ts";

/** One file of an epoch's bundle, by name, with its length and the SHA-256 of its bytes. */
export interface ManifestFile {
  name: string;
  bytes: number;
  sha256: Uint8Array;
}

export interface ManifestCounts {
  packets: number;
  entropy: number;
  hotspots: number;
  verdicts: number;
  leaves: number;
}

/**
 * What the network signs when it closes an epoch: all inputs and results by hash, the totals, and the manifest
 * before it. Amounts are in smallest units and travel as decimal text.
 */
export interface Manifest {
  network: string;
  epoch: number;
  /** The epoch closed before this one; null in the first. Epochs left out between the two had no entropy: the network was down. */
  previousEpoch: number | null;
  /** SHA-256 of the previous manifest's bytes; zeros in the first. */
  previousManifestHash: Uint8Array;
  /** First moment of the epoch, and first moment after it. */
  fromMs: number;
  toMs: number;
  closedAtMs: number;
  /** `parametersHash` of the network's parameters. */
  parametersHash: Uint8Array;
  /** Chained over every change in any bundle up to this one: `registry.json` lists only the hotspots that took part. */
  registryHash: Uint8Array;
  /** All other files of the bundle, sorted by name. */
  files: ManifestFile[];
  pool: bigint;
  paid: bigint;
  unallocated: bigint;
  /** Root of the tree of claims, 32 bytes. */
  root: Uint8Array;
  counts: ManifestCounts;
}

export const manifestMessage = messageCodec<Manifest>(
  9,
  record<Manifest>({
    network: text(32),
    epoch: uint32,
    previousEpoch: nullable(uint32),
    previousManifestHash: bytes(32),
    fromMs: timeMs,
    toMs: timeMs,
    closedAtMs: timeMs,
    parametersHash: bytes(32),
    registryHash: bytes(32),
    files: list(record<ManifestFile>({ name: text(40), bytes: uint32, sha256: bytes(32) }), 32),
    pool: amount,
    paid: amount,
    unallocated: amount,
    root: bytes(32),
    counts: record<ManifestCounts>({
      packets: uint32,
      entropy: uint32,
      hotspots: uint32,
      verdicts: uint32,
      leaves: uint32,
    }),
  }),
  1,
  { role: "epochs", atMs: ({ closedAtMs }) => closedAtMs },
);
