import {
  type ChangeRecord,
  type Denial,
  type Entropy,
  epochSpanMs,
  type LatestContacts,
  type Manifest,
  type ManifestFile,
  manifestMessage,
  type NetworkParameters,
  parametersHash,
  type RoleSigners,
  type SequenceRange,
  type Settlement,
  type Signer,
  sha256,
  utf8,
  type Verdict,
} from "@earshot/protocol";
import { writeByteStrings, writingPackets } from "./cbor-sequences.ts";
import { cidOf } from "./cid.ts";
import { atOnce, type InTurns } from "./in-turns.ts";
import {
  formatContacts,
  formatLeaves,
  formatParametersFile,
  formatRegistry,
  formatSequences,
  formatVerdicts,
} from "./json-texts.ts";
import { changeRecordBytes, registryHashAfter, type ShownHotspot } from "./registry-hash.ts";
import { encodingChunks } from "./text-chunks.ts";

/*
 * An epoch bundle: one folder that holds all inputs of an epoch's judgement and all results, so that anybody can judge
 * the epoch again from this folder alone (`bun run gateway verify-epoch`). The same inputs give the same bytes. Every
 * file is described in protocol/README.md, "A bundle, file by file".
 */

export const BUNDLE_FILES = [
  "changes.cbor",
  "contacts.json",
  "denials.cbor",
  "entropy.cbor",
  "keys.cbor",
  "leaves.jsonl",
  "packets.cbor",
  "parameters.cbor",
  "parameters.json",
  "registry.json",
  "sequences.json",
  "tree.json",
  "verdicts.jsonl",
] as const;
export const MANIFEST_FILE = "manifest.cbor";
/** Beside them, once it is there: that the manifest is in the network's log (c2sp.org/tlog-proof). */
export const PROOF_FILE = "manifest.tlog-proof";
export const KEYS_FILE = "keys.cbor" satisfies (typeof BUNDLE_FILES)[number];

export type BundleFile = (typeof BUNDLE_FILES)[number];
/** A bundle in memory: what is in its folder, by file name. */
export type Bundle = Record<BundleFile | typeof MANIFEST_FILE, Uint8Array>;

/** Everything that goes into a bundle, in any order. */
export interface BundleContent {
  parameters: NetworkParameters;
  /** Every key document so far, as the root key signed them, in order. */
  keyDocuments: readonly Uint8Array[];
  /** `parameters` as the network signed them. */
  signedParameters: Uint8Array;
  epoch: number;
  previous: Pick<Manifest, "previousEpoch" | "previousManifestHash">;
  closedAtMs: number;
  packets: readonly BundlePacket[];
  /** Sorted by index. */
  entropy: readonly { entropy: Entropy; message: Uint8Array }[];
  /** Those that took part. */
  registry: readonly ShownHotspot[];
  /** `registryHash` of the manifest before. */
  registryHashBefore: Uint8Array;
  /** Of all hotspots, those that count from an epoch after the one before, up to this one; in order of epoch and key. */
  changes: readonly ChangeRecord[];
  /** Those in force, in order of subject. */
  denials: readonly { denial: Denial; message: Uint8Array }[];
  usedSequences: ReadonlyMap<string, readonly SequenceRange[]>;
  contactsBefore: ReadonlyMap<string, LatestContacts>;
  verdicts: readonly Verdict[];
  settlement: Settlement;
}

export interface BundlePacket {
  /** SHA-256 of the bytes, lower-case hex. */
  id: string;
  receivedAtMs: number;
  bytes: Uint8Array;
}

/** What the folders of an epoch's bundles begin with; sorts by epoch. */
export const bundlePrefix = (epoch: number): string => `epoch-${String(epoch).padStart(10, "0")}`;

/** Folder of an epoch's bundle: its epoch and the CID of its manifest, and through that every byte in it. */
export const bundleName = (epoch: number, manifest: Uint8Array): string =>
  `${bundlePrefix(epoch)}-${cidOf(sha256(manifest))}`;

/** All bytes of a bundle. @param signer signs the manifest */
export const encodeBundle = (content: BundleContent, signer: Signer | RoleSigners): Bundle =>
  atOnce(encodingBundle(content, signer));

/** `encodeBundle` that lets other work have its turn: an epoch of a large network takes seconds. */
export function* encodingBundle(content: BundleContent, signer: Signer | RoleSigners): InTurns<Bundle> {
  const { parameters, settlement, verdicts } = content;
  const files: Record<BundleFile, Uint8Array> = {
    "changes.cbor": writeByteStrings(content.changes.map(changeRecordBytes)),
    "contacts.json": yield* encodingChunks(formatContacts(content.contactsBefore)),
    "denials.cbor": writeByteStrings(content.denials.map(({ message }) => message)),
    "entropy.cbor": writeByteStrings(content.entropy.map(({ message }) => message)),
    "keys.cbor": writeByteStrings(content.keyDocuments),
    "leaves.jsonl": yield* encodingChunks(formatLeaves(settlement.payments, verdicts)),
    "packets.cbor": yield* writingPackets(content.packets.toSorted((a, b) => (a.id < b.id ? -1 : 1))),
    "parameters.cbor": content.signedParameters,
    "parameters.json": utf8(formatParametersFile(parameters)),
    "registry.json": yield* encodingChunks(formatRegistry(content.registry)),
    "sequences.json": utf8(formatSequences(content.usedSequences)),
    "tree.json": yield* encodingChunks(settlement.tree.dumpText()),
    "verdicts.jsonl": yield* encodingChunks(formatVerdicts(verdicts, parametersHash(parameters))),
  };
  const listed: ManifestFile[] = [];
  for (const name of BUNDLE_FILES) {
    yield;
    listed.push({ name, bytes: files[name].length, sha256: sha256(files[name]) });
  }
  const manifest = manifestOf(content, listed);
  return { ...files, [MANIFEST_FILE]: manifestMessage.seal(manifest, signer, parameters.network) };
}

/** `registryHash` of the epoch. */
export const registryHashOf = ({
  changes,
  registryHashBefore,
}: Pick<BundleContent, "changes" | "registryHashBefore">): Uint8Array =>
  registryHashAfter(registryHashBefore, changes);

function manifestOf(content: BundleContent, files: ManifestFile[]): Manifest {
  const { parameters, epoch, settlement } = content;
  return {
    network: parameters.network,
    epoch,
    ...content.previous,
    ...epochSpanMs(epoch, parameters),
    closedAtMs: content.closedAtMs,
    parametersHash: parametersHash(parameters),
    registryHash: registryHashOf(content),
    files,
    pool: settlement.pool,
    paid: settlement.paid,
    unallocated: settlement.unallocated,
    root: settlement.tree.root,
    counts: {
      packets: content.packets.length,
      entropy: content.entropy.length,
      hotspots: content.registry.length,
      verdicts: content.verdicts.length,
      leaves: settlement.payments.length,
    },
  };
}
