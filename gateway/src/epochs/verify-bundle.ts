import {
  type Entropy,
  type EpochJudgement,
  type Hotspot,
  judgeEpoch,
  type Manifest,
  type NetworkParameters,
  type ReceivedPacket,
  type Settlement,
} from "@earshot/protocol";
import type { Bundle } from "./bundle.ts";
import { readAmountsBefore, readRegistry, readSequences } from "./bundle-texts.ts";
import { type Check, type Difference, runCheck } from "./check.ts";
import { checkEntropy, checkSameEntropy } from "./verify-entropy.ts";
import {
  checkFollows,
  checkHashes,
  checkManifest,
  isFirstManifest,
  openManifest,
  type Pins,
  readFileAs,
  readParameters,
  type SignedManifest,
} from "./verify-manifest.ts";
import { type AdmittedKeys, checkPackets, type OnProgress } from "./verify-packets.ts";
import { checkRegistry } from "./verify-registry.ts";
import { checkResults, checkTotals, settle } from "./verify-results.ts";
import { checkListed, checkUsed, type UsedSequences, usedAfter } from "./verify-sequences.ts";

/*
 * Judges an epoch again from its bundle. Results in the bundle are never an input, with one exception that is said
 * aloud: without the bundle before it, what hotspots had been paid earlier is taken from the leaves.
 */

export interface VerifyOptions extends Pins {
  /** What came out for the bundle before this one. */
  previous?: Verified;
  /** Shared by several bundles, they are verified faster. */
  keys?: AdmittedKeys;
  onProgress?: OnProgress;
}

/** A bundle that holds, with what the next one is compared with. */
export interface Verified {
  signed: SignedManifest;
  manifest: Manifest;
  settlement: Settlement;
  judgement: EpochJudgement;
  packets: readonly ReceivedPacket[];
  hotspots: readonly Hotspot[];
  entropy: readonly Entropy[];
  usedSequences: UsedSequences;
  /** Whether all bundles back to the network's first have been verified. */
  isComplete: boolean;
}

/** `root` is told, once computed, of a bundle that differs too. */
export type BundleOutcome =
  | { ok: true; verified: Verified }
  | { ok: false; difference: Difference; signed?: SignedManifest; root?: Uint8Array };

interface Found {
  signed?: SignedManifest;
  root?: Uint8Array;
}

/** Verifies a bundle in memory. Never throws on bad bytes. */
export function verifyFiles(bundle: Bundle, options: VerifyOptions = {}): BundleOutcome {
  const found: Found = {};
  const head = runCheck(checkHead(bundle, options, found));
  if (!head.ok) return { ok: false, difference: head.difference, ...found };
  const { signed, parameters } = head.value;
  const hashes = runCheck(checkHashes(bundle, signed));
  const content = runCheck(checkContent(bundle, signed, parameters, options, found));
  if (hashes.ok && content.ok) return { ok: true, verified: content.value };
  return { ok: false, difference: firstOf(hashes, content), ...found };
}

/** A wrong hash names a file only: if its content differs too, that says where. */
function firstOf(...results: ({ ok: true } | { ok: false; difference: Difference })[]): Difference {
  const [hash, content] = results.map((result) => (result.ok ? undefined : result.difference));
  if (hash === undefined || hash.file === content?.file) return content as Difference;
  return hash;
}

function* checkHead(
  bundle: Bundle,
  options: VerifyOptions,
  found: Found,
): Check<{ signed: SignedManifest; parameters: NetworkParameters }> {
  const parameters = yield* readParameters(bundle);
  const networkKey = options.networkKey ?? options.previous?.signed.publicKey;
  const signed = yield* openManifest(bundle, parameters, { networkKey });
  found.signed = signed;
  yield* checkManifest(signed, parameters, options);
  return { signed, parameters };
}

function* checkContent(
  bundle: Bundle,
  signed: SignedManifest,
  parameters: NetworkParameters,
  options: VerifyOptions,
  found: Found,
): Check<Verified> {
  const { manifest } = signed;
  const { previous } = options;
  const packets = yield* checkPackets(bundle["packets.cbor"], manifest.epoch, parameters, options);
  const entropy = yield* checkEntropy(bundle["entropy.cbor"], manifest, signed.publicKey, parameters);
  const hotspots = yield* readFileAs(bundle, "registry.json", readRegistry);
  yield* checkRegistry(hotspots, parameters.network);
  const usedSequences = yield* readFileAs(bundle, "sequences.json", readSequences);
  yield* checkListed(usedSequences, packets);
  if (previous !== undefined) yield* checkFollows(signed, previous.signed);
  if (previous !== undefined) yield* checkSameEntropy(entropy, previous.entropy);
  const isComplete = previous?.isComplete ?? isFirstManifest(manifest);
  yield* checkUsed(usedSequences, previous?.usedSequences ?? new Map(), packets, isComplete);
  const before = yield* amountsBefore(bundle, manifest, previous);
  const judgement = judgeEpoch({ parameters, packets, hotspots, entropy, usedSequences });
  const settlement = yield* settle(judgement, parameters, hotspots, before);
  found.root = settlement.tree.root;
  yield* checkResults(bundle, judgement, settlement);
  yield* checkTotals(manifest, settlement, {
    packets: packets.length,
    entropy: entropy.length,
    hotspots: hotspots.length,
    verdicts: judgement.verdicts.length,
    leaves: settlement.payments.length,
  });
  const used = usedAfter(new Map([...(previous?.usedSequences ?? []), ...usedSequences]), packets);
  return {
    signed,
    manifest,
    settlement,
    judgement,
    packets,
    hotspots,
    entropy,
    usedSequences: used,
    isComplete,
  };
}

/** Nothing before the network's first epoch; else as recomputed for the previous bundle; else as the leaves say. */
function* amountsBefore(
  bundle: Bundle,
  manifest: Manifest,
  previous: Verified | undefined,
): Check<Map<string, bigint>> {
  if (previous !== undefined) {
    const { payments } = previous.settlement;
    return new Map(payments.map(({ hotspotId, cumulative }) => [hotspotId, cumulative]));
  }
  if (isFirstManifest(manifest)) return new Map();
  return yield* readFileAs(bundle, "leaves.jsonl", readAmountsBefore);
}
