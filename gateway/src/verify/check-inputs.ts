import type {
  ChangeRecord,
  Entropy,
  LatestContacts,
  Manifest,
  NetworkKeys,
  NetworkParameters,
  RuleSet,
  SequenceRange,
} from "@earshot/protocol";
import { firstChainOf } from "@earshot/protocol";
import type { Bundle } from "../bundle/bundle.ts";
import { readSequences } from "../bundle/json-readers.ts";
import type { Check } from "./check.ts";
import { type Announced, checkAnnounced } from "./check-announced.ts";
import { changesAfter, checkChanges, type KnownChanges, readChanges } from "./check-changes.ts";
import { checkContacts, checkRegistered, type KnownContacts, openContacts } from "./check-contacts.ts";
import { type OpenedDenials, readDenials } from "./check-denials.ts";
import { checkEntropy, checkSameEntropy } from "./check-entropy.ts";
import { checkEntropySource, type EntropyOrigin } from "./check-entropy-source.ts";
import { isFirstManifest, readFileAs, type SignedManifest } from "./check-manifest.ts";
import {
  checkPlaces,
  checkSignatures,
  type OnProgress,
  type OpenedPackets,
  openPackets,
  startSignatures,
} from "./check-packets.ts";
import { checkRegistrySignatures, type OpenedRegistry, openRegistry } from "./check-registry.ts";
import { checkFirstRegistry, checkSameRegistry, type KnownRegistry } from "./check-registry-history.ts";
import { checkListed, checkUsed, type UsedSequences } from "./check-sequences.ts";
import { checkClosing, checkReceiveTimes } from "./check-times.ts";
import type { SignatureChecker } from "./signatures.ts";

export interface Head {
  signed: SignedManifest;
  parameters: NetworkParameters;
  /** By which signatures are checked. */
  keys: NetworkKeys;
  /** As the bundle itself has them: the start of those, or all. */
  shownKeys: NetworkKeys;
  rules: RuleSet;
}

/** What is judged: read and consistent in itself; signatures may still be being checked. */
export interface Inputs extends Head {
  opened: OpenedPackets;
  registry: OpenedRegistry;
  /** Hotspots with a packet. */
  reporting: ReadonlySet<string>;
  entropy: Entropy[];
  denials: OpenedDenials;
  /** Of all hotspots. */
  changes: ChangeRecord[];
  usedSequences: Map<string, SequenceRange[]>;
  contactsBefore: Map<string, LatestContacts>;
}

/** Signatures are checked while judging goes on, where other threads do it. */
export function* readInputs(
  bundle: Bundle,
  head: Head,
  signatures: SignatureChecker,
  onProgress: OnProgress | undefined,
): Check<Inputs> {
  const { keys, parameters, signed } = head;
  const { manifest } = signed;
  const { network } = parameters;
  const opened = yield* openPackets(bundle["packets.cbor"], network, onProgress);
  onProgress?.("inputs", 0, 1);
  const entropy = yield* checkEntropy(bundle["entropy.cbor"], manifest, keys, parameters);
  yield* startSignatures(opened, network, signatures);
  const denials = yield* readDenials(bundle["denials.cbor"], manifest.epoch, keys, parameters);
  const registry = yield* openRegistry(bundle, head, signatures);
  const changes = yield* readChanges(bundle["changes.cbor"], manifest);
  const usedSequences = yield* readFileAs(bundle, "sequences.json", readSequences);
  const contactsBefore = yield* openContacts(bundle, opened.packets, manifest, parameters);
  const reporting = new Set(opened.packets.map(({ hotspotId }) => hotspotId));
  return {
    ...head,
    opened,
    registry,
    reporting,
    entropy,
    denials,
    changes,
    usedSequences,
    contactsBefore,
  };
}

/** What is compared of the bundle before. */
interface InputsBefore {
  manifest: Manifest;
  entropy: readonly Entropy[];
  registry: KnownRegistry;
  changes: KnownChanges;
  usedSequences: UsedSequences;
  /** After the epoch. */
  contacts: KnownContacts;
  isComplete: boolean;
}

interface InputChecks {
  signatures: SignatureChecker;
  onProgress: OnProgress | undefined;
  /** By the auditor's clock, where there is one. */
  nowMs: number | undefined;
}

/** What is worth telling of inputs that hold, and what the next bundle is compared with. */
interface Shown {
  origin: EntropyOrigin;
  announced: Announced;
  changes: KnownChanges;
}

/** Signatures, order, times, that the inputs follow from the bundle before, and that they were announced. */
export function* checkInputs(
  inputs: Inputs,
  previous: InputsBefore | undefined,
  { signatures, onProgress, nowMs }: InputChecks,
): Check<Shown> {
  const { parameters, signed, registry, reporting, entropy, usedSequences, contactsBefore, opened } = inputs;
  const { packets } = opened;
  yield* checkSignatures(opened, parameters.network, signatures, onProgress);
  yield* checkPlaces(packets, signed.manifest, parameters);
  const origin = yield* checkEntropySource(entropy, signed.manifest.epoch, parameters);
  yield* checkReceiveTimes(packets, entropy, signed.manifest);
  const previousClosedAtMs = previous?.manifest.closedAtMs;
  yield* checkClosing(signed.manifest, { entropy, parameters, previousClosedAtMs, nowMs });
  yield* checkRegistrySignatures(registry);
  yield* checkListed(usedSequences, packets);
  const fromChain = firstChainOf(signed.manifest.epoch, parameters);
  if (previous !== undefined) {
    yield* checkSameEntropy(entropy, previous.entropy);
    const { registry: known, manifest, isComplete } = previous;
    yield* checkSameRegistry(registry.shown, reporting, signed, { known, manifest, isComplete }, fromChain);
  }
  if (isFirstManifest(signed.manifest)) yield* checkFirstRegistry(registry.shown, signed);
  yield* checkRegistered(contactsBefore, registry.shown, parameters);
  const isComplete = isCompleteAt(signed.manifest, previous);
  yield* checkUsed(usedSequences, previous?.usedSequences ?? new Map(), packets, isComplete);
  yield* checkContacts(contactsBefore, previous?.contacts ?? new Map(), packets, {
    ...{ shown: registry.shown, isComplete },
  });
  const changesBefore = {
    registryHash: previous?.manifest.registryHash,
    known: previous?.changes ?? new Map(),
    isComplete,
  };
  yield* checkChanges(inputs.changes, registry.shown, signed.manifest, changesBefore, fromChain);
  const judgedBy = { manifest: signed.manifest, parameters, denials: inputs.denials.hash };
  const announced = yield* checkAnnounced(entropy, judgedBy, previous?.manifest);
  return { origin, announced, changes: changesAfter(previous?.changes ?? new Map(), inputs.changes) };
}

/** Whether all bundles back to the network's first are known. */
export const isCompleteAt = (
  manifest: Manifest,
  previous: Pick<InputsBefore, "isComplete"> | undefined,
): boolean => previous?.isComplete ?? isFirstManifest(manifest);
