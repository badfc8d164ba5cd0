import type {
  Denial,
  Entropy,
  EpochJudgement,
  Hotspot,
  Manifest,
  NetworkParameters,
  ReceivedPacket,
  SequenceRange,
  Settlement,
} from "@earshot/protocol";
import type { Bundle } from "../epochs/bundle.ts";
import { readAmountsBefore, readSequences } from "../epochs/bundle-readers.ts";
import { collectBeaconSignatures, startBeaconSignatures } from "./beacon-signatures.ts";
import { type Check, type Checked, type Difference, runCheck, runCheckLater } from "./check.ts";
import { readDenials } from "./denials.ts";
import { checkEntropy, checkSameEntropy } from "./entropy.ts";
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
} from "./manifest.ts";
import { checkPlaces, checkSignatures, type OnProgress, type OpenedPackets, openPackets } from "./packets.ts";
import { checkParameters, checkSuccession } from "./parameters.ts";
import {
  type Changes,
  checkRegistrySignatures,
  checkSameChanges,
  type OpenedRegistry,
  openRegistry,
  type Registrations,
} from "./registry.ts";
import { checkResults, checkTotals, readRuleSet, settle } from "./results.ts";
import { checkListed, checkUsed, type UsedSequences, usedAfter } from "./sequences.ts";
import { OwnThread, type SignatureChecker } from "./signatures.ts";

/*
 * Judges an epoch again from its bundle. Results in the bundle are never an input, with one exception that is said
 * aloud: without the bundle before it, what hotspots had been paid earlier is taken from the leaves.
 */

export interface VerifyOptions extends Pins {
  /** What came out for the bundle before this one. */
  previous?: Verified;
  /** Shared by several bundles, they are verified faster: it remembers keys. */
  signatures?: SignatureChecker;
  onProgress?: OnProgress;
}

/** A bundle that holds, with what the next one is compared with. */
export interface Verified {
  signed: SignedManifest;
  manifest: Manifest;
  parameters: NetworkParameters;
  settlement: Settlement;
  judgement: EpochJudgement;
  packets: readonly ReceivedPacket[];
  hotspots: readonly Hotspot[];
  changes: Changes;
  registrations: Registrations;
  denials: readonly Denial[];
  entropy: readonly Entropy[];
  /** Sequence numbers of earlier epochs, as this bundle lists them. */
  earlierSequences: UsedSequences;
  /** Up to and including this epoch. */
  usedSequences: UsedSequences;
  /** Cumulative amounts before this epoch. */
  before: ReadonlyMap<string, bigint>;
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

/** Verifies a bundle in memory, in this thread. Never throws on bad bytes. */
export function verifyFiles(bundle: Bundle, options: VerifyOptions = {}): BundleOutcome {
  const begun = begin(bundle, options);
  return begun.conclude(begun.content === undefined ? undefined : runCheck(begun.content));
}

/** The same for signatures that are checked in other threads. */
export async function verifyFilesLater(bundle: Bundle, options: VerifyOptions): Promise<BundleOutcome> {
  const begun = begin(bundle, options);
  return begun.conclude(begun.content === undefined ? undefined : await runCheckLater(begun.content));
}

interface Begun {
  /** What is left to check; nothing when the head differs. */
  content?: Check<Verified>;
  conclude(content: Checked<Verified> | undefined): BundleOutcome;
}

function begin(bundle: Bundle, options: VerifyOptions): Begun {
  const found: Found = {};
  const head = runCheck(checkHead(bundle, options, found));
  if (!head.ok) return { conclude: () => ({ ok: false, difference: head.difference, ...found }) };
  const hashes = runCheck(checkHashes(bundle, head.value.signed));
  return {
    content: checkContent(bundle, head.value, options, found),
    conclude(content) {
      if (hashes.ok && content?.ok) return { ok: true, verified: content.value };
      return { ok: false, difference: firstOf(hashes, content), ...found };
    },
  };
}

/** A wrong hash names a file only: if its content differs too, that says where. */
function firstOf(...results: (Checked<unknown> | undefined)[]): Difference {
  const [hash, content] = results.map((result) => (result?.ok === false ? result.difference : undefined));
  if (hash === undefined || hash.file === content?.file) return content as Difference;
  return hash;
}

interface Head {
  signed: SignedManifest;
  parameters: NetworkParameters;
}

function* checkHead(bundle: Bundle, options: VerifyOptions, found: Found): Check<Head> {
  const { previous } = options;
  const parameters = yield* readParameters(bundle);
  const networkKey = options.networkKey ?? previous?.signed.publicKey;
  const signed = yield* openManifest(bundle, parameters, { ...(networkKey && { networkKey }) });
  found.signed = signed;
  yield* checkParameters(bundle["parameters.cbor"], parameters, signed);
  yield* checkManifest(signed, parameters, options);
  if (previous !== undefined) {
    yield* checkFollows(signed, previous.signed);
    yield* checkSuccession(
      { parameters, epoch: signed.manifest.epoch },
      { parameters: previous.parameters, epoch: previous.manifest.epoch },
    );
  }
  return { signed, parameters };
}

/** What is judged: read and in itself sound, but for signatures that are still being checked. */
interface Inputs extends Head {
  packets: OpenedPackets;
  registry: OpenedRegistry;
  entropy: Entropy[];
  denials: Denial[];
  usedSequences: Map<string, SequenceRange[]>;
}

function* checkContent(bundle: Bundle, head: Head, options: VerifyOptions, found: Found): Check<Verified> {
  const { parameters, signed } = head;
  const { previous, signatures = new OwnThread(), onProgress } = options;
  const rules = yield* readRuleSet(parameters.ruleSet);
  const inputs = yield* readInputs(bundle, head, signatures, onProgress);
  const beacons = startBeaconSignatures(inputs.packets.packets, inputs.entropy, parameters, signatures);
  const holds = yield* collectBeaconSignatures(beacons);
  onProgress?.("judging", 0, 1);
  const { packets } = inputs.packets;
  const { hotspots } = inputs.registry;
  const { entropy, denials, usedSequences } = inputs;
  const { epoch } = signed.manifest;
  // Judged while other threads check signatures: what comes out counts only if all of them hold.
  const judgement = rules.judge({
    parameters,
    packets,
    epoch,
    hotspots,
    denials,
    entropy,
    usedSequences,
    holds,
  });
  yield* checkInputs(inputs, previous, onProgress);
  const before = yield* amountsBefore(bundle, signed.manifest, previous);
  onProgress?.("comparing", 0, 1);
  const settlement = yield* settle(rules, judgement, { parameters, hotspots, before });
  found.root = settlement.tree.root;
  yield* checkResults(bundle, parameters, judgement, settlement);
  yield* checkTotals(signed.manifest, settlement, countsOf(inputs, judgement, settlement));
  return {
    ...inputs,
    manifest: signed.manifest,
    settlement,
    judgement,
    packets,
    hotspots,
    changes: inputs.registry.changes,
    registrations: inputs.registry.registrations,
    earlierSequences: usedSequences,
    usedSequences: usedAfter(new Map([...(previous?.usedSequences ?? []), ...usedSequences]), packets),
    before,
    isComplete: isCompleteAt(signed.manifest, previous),
  };
}

function* readInputs(
  bundle: Bundle,
  head: Head,
  signatures: SignatureChecker,
  onProgress: OnProgress | undefined,
): Check<Inputs> {
  const { parameters, signed } = head;
  const { manifest, publicKey } = signed;
  const { network } = parameters;
  const packets = yield* openPackets(bundle["packets.cbor"], network, signatures, onProgress);
  onProgress?.("inputs", 0, 1);
  const entropy = yield* checkEntropy(bundle["entropy.cbor"], manifest, publicKey, parameters);
  const denials = yield* readDenials(bundle["denials.cbor"], manifest.epoch, publicKey, parameters);
  const registry = yield* openRegistry(bundle, head, signatures);
  const usedSequences = yield* readFileAs(bundle, "sequences.json", readSequences);
  return { ...head, packets, registry, entropy, denials, usedSequences };
}

/** Signatures, places, and that the inputs are those that the bundle before leads to. */
function* checkInputs(
  inputs: Inputs,
  previous: Verified | undefined,
  onProgress: OnProgress | undefined,
): Check<void> {
  const { parameters, signed, registry, entropy, usedSequences } = inputs;
  const { packets } = inputs.packets;
  yield* checkSignatures(inputs.packets, parameters.network, onProgress);
  yield* checkPlaces(packets, signed.manifest.epoch, parameters);
  yield* checkRegistrySignatures(registry);
  yield* checkListed(usedSequences, packets);
  if (previous !== undefined) {
    yield* checkSameEntropy(entropy, previous.entropy);
    yield* checkSameChanges(registry.changes, previous.changes, previous.manifest.epoch);
  }
  const known = previous?.usedSequences ?? new Map();
  yield* checkUsed(usedSequences, known, packets, isCompleteAt(signed.manifest, previous));
}

const isCompleteAt = (manifest: Manifest, previous: Verified | undefined): boolean =>
  previous?.isComplete ?? isFirstManifest(manifest);

const countsOf = (
  { packets, entropy, registry }: Inputs,
  { verdicts }: EpochJudgement,
  { payments }: Settlement,
) => ({
  packets: packets.packets.length,
  entropy: entropy.length,
  hotspots: registry.hotspots.length,
  verdicts: verdicts.length,
  leaves: payments.length,
});

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
