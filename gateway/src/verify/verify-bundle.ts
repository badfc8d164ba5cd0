import {
  ChainChecker,
  chosenRules,
  type Denial,
  type Entropy,
  type EpochJudgement,
  type Hotspot,
  type Manifest,
  type NetworkKeys,
  type NetworkParameters,
  type ReceivedPacket,
  RULE_SETS,
  type RuleSet,
  type Settlement,
} from "@earshot/protocol";

import type { Bundle } from "../bundle/bundle.ts";
import { readAmountsBefore } from "../bundle/json-readers.ts";
import { type Check, type Checked, cannotSay, type Difference, runCheck, runCheckLater } from "./check.ts";
import type { Announced } from "./check-announced.ts";
import type { KnownChanges } from "./check-changes.ts";
import { contactsAfter, type KnownContacts } from "./check-contacts.ts";
import type { EntropyOrigin } from "./check-entropy-source.ts";
import { checkInputs, type Head, type Inputs, isCompleteAt, readInputs } from "./check-inputs.ts";
import { checkKeys, withLater } from "./check-keys.ts";
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
} from "./check-manifest.ts";
import type { OnProgress } from "./check-packets.ts";
import { checkParameters, checkSuccession } from "./check-parameters.ts";
import { checkParticipants, type Registrations } from "./check-registry.ts";
import { EMPTY_REGISTRY, type KnownRegistry, registryAfter } from "./check-registry-history.ts";
import { checkResults, checkTotals, settle } from "./check-results.ts";
import { type UsedSequences, usedAfter } from "./check-sequences.ts";
import { InlineChecker, type SignatureChecker } from "./signatures.ts";

/*
 * Judges an epoch again from its bundle. Results in the bundle are never an input, with one exception, which the report
 * states: without the bundle before it, what hotspots had been paid earlier is taken from the leaves.
 */

export interface VerifyOptions extends Pins {
  /** What came out for the bundle before this one. */
  previous?: CarriedOver;
  /** Shared by several bundles, they are verified faster: it remembers keys. */
  signatures?: SignatureChecker;
  onProgress?: OnProgress;
  /** That this program has; `RULE_SETS` when absent. */
  ruleSets?: readonly RuleSet[];
  /** By the auditor's clock: what was closed after it cannot be. Not asked without. */
  nowMs?: number;
}

/** What the next bundle is compared with. */
export interface CarriedOver {
  signed: SignedManifest;
  manifest: Manifest;
  parameters: NetworkParameters;
  /** As the bundle itself has them. */
  shownKeys: NetworkKeys;
  /** Up to and including this epoch. */
  registry: KnownRegistry;
  /** Of all hotspots, up to and including this epoch. */
  changes: KnownChanges;
  entropy: readonly Entropy[];
  /** Up to and including this epoch. */
  usedSequences: UsedSequences;
  /** Latest contacts, up to and including this epoch. */
  contacts: KnownContacts;
  /** The values that beacons revealed last. */
  chains: ChainChecker;
  /** Cumulative amounts after this epoch. */
  after: ReadonlyMap<string, bigint>;
  /** Whether all bundles back to the network's first have been verified. */
  isComplete: boolean;
}

/** A verified bundle. */
export interface Verified extends CarriedOver {
  /** By which signatures were checked. */
  keys: NetworkKeys;
  settlement: Settlement;
  judgement: Pick<EpochJudgement, "verdicts" | "proven">;
  packets: readonly ReceivedPacket[];
  /** Those that took part. */
  hotspots: readonly Hotspot[];
  registrations: Registrations;
  denials: readonly Denial[];
  origin: EntropyOrigin;
  announced: Announced;
  /** Sequence numbers of earlier epochs, as this bundle lists them. */
  earlierSequences: UsedSequences;
  /** Cumulative amounts before this epoch. */
  before: ReadonlyMap<string, bigint>;
}

/** Without the packets and verdicts: of a long series only this is kept. */
export const carriedOver = ({
  signed,
  manifest,
  parameters,
  shownKeys,
  registry,
  changes,
  entropy,
  usedSequences,
  contacts,
  chains,
  after,
  isComplete,
}: CarriedOver): CarriedOver => ({
  signed,
  manifest,
  parameters,
  shownKeys,
  registry,
  changes,
  entropy,
  usedSequences,
  contacts,
  chains,
  after,
  isComplete,
});

/** `root`: as recomputed, also when the bundle differs. */
export type BundleOutcome =
  | { ok: true; verified: Verified }
  | ({ ok: false; difference: Difference } & Found);

interface Found {
  shownKeys?: NetworkKeys;
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

function* checkHead(bundle: Bundle, options: VerifyOptions, found: Found): Check<Head> {
  const { previous } = options;
  const parameters = yield* readParameters(bundle);
  const { keyDocuments, networkKey } = options;
  const shownKeys = yield* checkKeys(bundle, parameters, { networkKey, previous: previous?.shownKeys });
  found.shownKeys = shownKeys;
  const keys = keyDocuments === undefined ? shownKeys : yield* withLater(shownKeys, keyDocuments);
  const signed = yield* openManifest(bundle, keys);
  found.signed = signed;
  yield* checkParameters(bundle["parameters.cbor"], parameters, signed, keys);
  yield* checkManifest(signed, parameters, options);
  if (previous !== undefined) {
    yield* checkFollows(signed, previous.signed);
    yield* checkSuccession(
      { parameters, epoch: signed.manifest.epoch },
      { parameters: previous.parameters, epoch: previous.manifest.epoch },
    );
  }
  const chosen = chosenRules(parameters, options.ruleSets ?? RULE_SETS);
  if (!chosen.ok) {
    return yield* cannotSay("parameters.json", "ruleSet", "rules that this program has", chosen.problem);
  }
  return { signed, parameters, keys, shownKeys, rules: chosen.rules };
}

function* checkContent(bundle: Bundle, head: Head, options: VerifyOptions, found: Found): Check<Verified> {
  const { parameters, rules, signed } = head;
  const { manifest } = signed;
  const { previous, signatures = new InlineChecker(), onProgress, nowMs } = options;
  const inputs = yield* readInputs(bundle, head, signatures, onProgress);
  const chains = previous?.chains ?? new ChainChecker(parameters.network);
  onProgress?.("judging", 0, 1);
  const { packets } = inputs.opened;
  const { shown, registrations } = inputs.registry;
  const hotspots = shown.map(({ hotspot }) => hotspot);
  const { entropy, usedSequences, contactsBefore } = inputs;
  const { denials } = inputs.denials;
  // Judged while other threads check signatures: the result counts only if all of them are valid.
  const known = {
    parameters,
    packets,
    hotspots,
    denials,
    entropy,
    usedSequences,
    contactsBefore,
    chains,
  };
  const judgement = rules.judge({ ...known, epoch: manifest.epoch });
  const shownBy = yield* checkInputs(inputs, previous, { signatures, onProgress, nowMs });
  const before = yield* amountsBefore(bundle, manifest, previous);
  onProgress?.("comparing", 0, 1);
  const settlement = yield* settle(rules, judgement, { parameters, hotspots, before });
  found.root = settlement.tree.root;
  const paid = new Set(settlement.payments.map(({ hotspotId }) => hotspotId));
  yield* checkParticipants(shown, manifest, { reporting: inputs.reporting, paid });
  yield* checkResults(bundle, parameters, judgement, settlement);
  yield* checkTotals(manifest, settlement, countsOf(inputs, judgement, settlement));
  return {
    ...head,
    manifest,
    settlement,
    judgement: { verdicts: judgement.verdicts, proven: judgement.proven },
    packets,
    hotspots,
    registry: registryAfter(previous?.registry ?? EMPTY_REGISTRY, shown, inputs.reporting, manifest.epoch),
    registrations,
    denials,
    entropy,
    ...shownBy,
    earlierSequences: usedSequences,
    usedSequences: usedAfter(new Map([...(previous?.usedSequences ?? []), ...usedSequences]), packets),
    contacts: contactsAfter(previous?.contacts ?? new Map(), judgement, packets),
    chains,
    before,
    after: new Map(settlement.payments.map(({ hotspotId, cumulative }) => [hotspotId, cumulative])),
    isComplete: isCompleteAt(manifest, previous),
  };
}

const countsOf = (
  { opened, entropy, registry }: Inputs,
  { verdicts }: EpochJudgement,
  { payments }: Settlement,
) => ({
  packets: opened.packets.length,
  entropy: entropy.length,
  hotspots: registry.shown.length,
  verdicts: verdicts.length,
  leaves: payments.length,
});

/** Nothing before the network's first epoch; else as recomputed for the previous bundle; else as the leaves say. */
function* amountsBefore(
  bundle: Bundle,
  manifest: Manifest,
  previous: CarriedOver | undefined,
): Check<ReadonlyMap<string, bigint>> {
  if (previous !== undefined) return previous.after;
  if (isFirstManifest(manifest)) return new Map();
  return yield* readFileAs(bundle, "leaves.jsonl", readAmountsBefore);
}
