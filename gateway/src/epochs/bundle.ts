import type {
  Entropy,
  Hotspot,
  Manifest,
  NetworkParameters,
  SequenceRange,
  Settlement,
  Signer,
  Verdict,
} from "@earshot/protocol";
import { manifestMessage, parametersHash, sha256, utf8 } from "@earshot/protocol";
import { writeByteStrings, writePackets } from "./bundle-sequences.ts";
import {
  formatLeaves,
  formatParametersFile,
  formatRegistry,
  formatSequences,
  formatTree,
  formatVerdicts,
} from "./bundle-texts.ts";

/*
 * An epoch bundle: one folder, `epoch-<10 digits>`, that holds all inputs of an epoch's judgement and all results,
 * so that anybody can judge the epoch again from this folder alone (`bun run gateway verify-epoch`). The same inputs
 * give the same bytes. Amounts are whole numbers of the smallest unit; times are ms since the Unix epoch (UTC).
 *
 * Inputs
 *
 *   packets.cbor     CBOR sequence (RFC 8742), sorted by packet id, one item per packet filed under the epoch:
 *                      [receivedAtMs: uint (always 8 bytes), packet: bstr]
 *                    `packet` is the COSE_Sign1 as received (see `earshot.cddl`); its id is the SHA-256 of these bytes.
 *                    `receivedAtMs` is the gateway's word, covered by the manifest's signature only.
 *   entropy.cbor     CBOR sequence of byte strings, sorted by index: the signed entropy messages as published. The
 *                    last one before the epoch (none for the network's first), all of the epoch, and on until the one
 *                    that draws the witnesses of the epoch's last period. Being hash-chained, none can be left out.
 *   registry.json    Array sorted by `id`: the hotspots in force in the epoch. `id`, `publicKey`, `latE7`, `lonE7`,
 *                    `elevationM`, `antennaGainDdbi`, `region`, `payee` (null: none asserted), `registeredAtMs`,
 *                    `evidence` (the signed status packet that asserted this; null: listed by the operator).
 *   sequences.json   Object by hotspot id, sorted: runs [first, last] of the sequence numbers that were stored in
 *                    earlier epochs; only of hotspots that have a packet in this epoch and had one before.
 *   parameters.json  The network's parameters; large amounts as decimal text.
 *
 * Results
 *
 *   verdicts.jsonl   One line per report, sorted by packet id: `packetId`, `hotspotId`, `beaconKey`, `type`, `outcome`,
 *                    `reason`, `measurements` [{`name`, `value`}].
 *   leaves.jsonl     One line per hotspot ever paid, sorted by id: `hotspot` (id), `payee`, `cumulative` (up to and
 *                    including this epoch), `delta` (for this epoch), both as decimal text.
 *   tree.json        Dump of the Merkle tree as OpenZeppelin's `StandardMerkleTree.load` takes it ("standard-v1").
 *   manifest.cbor    `Manifest` of the protocol (message type 9), signed with the network key: epoch, times,
 *                    parameters hash, SHA-256 of each file above, pool, paid, unallocated, root, counts, and number
 *                    and hash of the manifest before it.
 *
 * Bytes in JSON are lower-case hex after 0x, but packet ids and beacon keys, which are names, have no 0x. JSON files
 * are indented by one space, so that a difference can be named by its line, and end with a newline.
 */

export const BUNDLE_FILES = [
  "entropy.cbor",
  "leaves.jsonl",
  "packets.cbor",
  "parameters.json",
  "registry.json",
  "sequences.json",
  "tree.json",
  "verdicts.jsonl",
] as const;
export const MANIFEST_FILE = "manifest.cbor";

export type BundleFile = (typeof BUNDLE_FILES)[number];
/** A bundle in memory: what is in its folder, by file name. */
export type Bundle = Record<BundleFile | typeof MANIFEST_FILE, Uint8Array>;

/** Everything that goes into a bundle, in any order. */
export interface BundleContent {
  parameters: NetworkParameters;
  epoch: number;
  previous: Pick<Manifest, "previousEpoch" | "previousManifestHash">;
  closedAtMs: number;
  packets: readonly BundlePacket[];
  /** Sorted by index. */
  entropy: readonly { entropy: Entropy; message: Uint8Array }[];
  hotspots: readonly Hotspot[];
  usedSequences: ReadonlyMap<string, readonly SequenceRange[]>;
  verdicts: readonly Verdict[];
  settlement: Settlement;
}

export interface BundlePacket {
  /** SHA-256 of the bytes, lower-case hex. */
  id: string;
  receivedAtMs: number;
  bytes: Uint8Array;
}

/** Folder of an epoch's bundle; sorts by epoch. */
export const bundleName = (epoch: number): string => `epoch-${String(epoch).padStart(10, "0")}`;

/** When the epoch begins, and the first moment after it. */
export function epochSpanMs(
  epoch: number,
  { epochPeriods, entropyPeriodMs }: Pick<NetworkParameters, "epochPeriods" | "entropyPeriodMs">,
): { fromMs: number; toMs: number } {
  const lengthMs = epochPeriods * entropyPeriodMs;
  return { fromMs: epoch * lengthMs, toMs: (epoch + 1) * lengthMs };
}

/** All bytes of a bundle. @param signer holds the network key */
export function encodeBundle(content: BundleContent, signer: Signer): Bundle {
  const files: Record<BundleFile, Uint8Array> = {
    "entropy.cbor": writeByteStrings(content.entropy.map(({ message }) => message)),
    "leaves.jsonl": utf8(formatLeaves(content.settlement.payments)),
    "packets.cbor": writePackets(content.packets.toSorted((a, b) => (a.id < b.id ? -1 : 1))),
    "parameters.json": utf8(formatParametersFile(content.parameters)),
    "registry.json": utf8(formatRegistry(content.hotspots)),
    "sequences.json": utf8(formatSequences(content.usedSequences)),
    "tree.json": utf8(formatTree(content.settlement.tree)),
    "verdicts.jsonl": utf8(formatVerdicts(content.verdicts)),
  };
  const manifest = manifestOf(content, files);
  return { ...files, [MANIFEST_FILE]: manifestMessage.seal(manifest, signer, content.parameters.network) };
}

function manifestOf(content: BundleContent, files: Record<BundleFile, Uint8Array>): Manifest {
  const { parameters, epoch, settlement } = content;
  return {
    network: parameters.network,
    epoch,
    ...content.previous,
    ...epochSpanMs(epoch, parameters),
    closedAtMs: content.closedAtMs,
    parametersHash: parametersHash(parameters),
    files: BUNDLE_FILES.map((name) => ({ name, sha256: sha256(files[name]) })),
    pool: settlement.pool,
    paid: settlement.paid,
    unallocated: settlement.unallocated,
    root: settlement.tree.root,
    counts: {
      packets: content.packets.length,
      entropy: content.entropy.length,
      hotspots: content.hotspots.length,
      verdicts: content.verdicts.length,
      leaves: settlement.payments.length,
    },
  };
}
