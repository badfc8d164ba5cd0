import {
  changedHotspot,
  epochSpanMs,
  equalBytes,
  evidenceProblem,
  type Hotspot,
  hotspotId,
  type KeyChange,
  keyChangeProblem,
  type Manifest,
  type NetworkKeys,
  type NetworkParameters,
  networkAad,
  type OwnerAssertion,
  openKeyChange,
  ownerAssertionAfter,
  type RegistryChange,
  readEvidence,
  registrationMessage,
  retiredHotspot,
  retiredProblem,
  succeededAssertion,
  succeedingHotspot,
} from "@earshot/protocol";
import type { RegistryEntry } from "../bundle/json-schemas.ts";
import { type Check, differ } from "./check.ts";
import { refusedSignature, signedBy } from "./check-keys.ts";
import type { SignedManifest } from "./check-manifest.ts";
import { packetJob } from "./check-packets.ts";
import { admissionOf, type SignatureJob } from "./signatures.ts";

const FILE = "registry.json";

export interface RegistryContext {
  parameters: NetworkParameters;
  signed: SignedManifest;
  keys: NetworkKeys;
}

/** What follows from a hotspot's changes so far. */
interface State {
  hotspot: Hotspot;
  /** The owner's newest assertion. */
  word: OwnerAssertion | undefined;
}

/** Hands on a signature that has to be valid. */
type OnSignature = (entry: RegistryEntry, at: string, job: SignatureJob) => void;

/** What a registry says of each hotspot, followed change by change. */
export class Following {
  readonly #entries: ReadonlyMap<string, RegistryEntry>;
  readonly #context: RegistryContext;
  readonly #onSignature: OnSignature;
  /** After each of its changes, by id; empty while they are being followed. */
  readonly #states = new Map<string, State[]>();

  constructor(entries: readonly RegistryEntry[], context: RegistryContext, onSignature: OnSignature) {
    this.#entries = new Map(entries.map((entry) => [entry.id, entry]));
    this.#context = context;
    this.#onSignature = onSignature;
  }

  /** As its changes make it. */
  *hotspotOf(entry: RegistryEntry): Check<Hotspot> {
    const state = (yield* this.#follow(entry)).at(-1);
    return state?.hotspot ?? (yield* differ(FILE, `hotspot ${entry.id}, changes`, "at least one", "none"));
  }

  *#follow(entry: RegistryEntry): Check<State[]> {
    const known = this.#states.get(entry.id);
    if (known !== undefined) return known;
    const states: State[] = [];
    this.#states.set(entry.id, states);
    const { signed, parameters } = this.#context;
    for (const [i, change] of entry.changes.entries()) {
      const at = `hotspot ${entry.id}, change ${i + 1}`;
      const before = states.at(-1);
      yield* checkTime(at, change, before?.hotspot.change, signed.manifest, parameters);
      states.push(yield* this.#after(at, entry, change, before));
    }
    return states;
  }

  *#after(at: string, entry: RegistryEntry, change: RegistryChange, before: State | undefined): Check<State> {
    const { parameters, keys } = this.#context;
    const evidence = readEvidence(change.evidence, parameters.network, keys);
    if (evidence === undefined) return yield* this.#afterKeyChange(at, entry, change, before);
    if (!equalBytes(evidence.publicKey, entry.publicKey)) {
      return yield* differ(FILE, `${at}: evidence`, `about ${entry.id}`, hotspotId(evidence.publicKey));
    }
    const problem =
      retiredProblem(before?.hotspot) ?? evidenceProblem(evidence, change.atMs, before?.word, parameters);
    if (problem !== undefined) {
      return yield* differ(FILE, `${at}: ${problem.field}`, problem.allowed, problem.found);
    }
    const isOwner = evidence.by === "owner";
    const job = isOwner
      ? packetJob(evidence.packet, networkAad(parameters.network))
      : admissionOf(entry.publicKey);
    this.#onSignature(entry, `${at}: ${isOwner ? "signature" : "key"}`, job);
    const hotspot = changedHotspot(before?.hotspot, change, evidence);
    if (hotspot === undefined) {
      return yield* differ(FILE, `${at}: region`, "a region of the protocol", evidence.assertion.region);
    }
    return { hotspot, word: ownerAssertionAfter(before?.word, evidence) };
  }

  /** The end of the hotspot's key, or the beginning with a new one: both signatures are checked here, there are few. */
  *#afterKeyChange(
    at: string,
    entry: RegistryEntry,
    change: RegistryChange,
    before: State | undefined,
  ): Check<State> {
    const { parameters, keys } = this.#context;
    const opened = openKeyChange(change.evidence, parameters.network);
    if (!opened.ok) {
      const wanted = `an asserting status packet, a registration ${signedBy(keys, "registry")}, or a change of its key`;
      const found = neither(change.evidence, parameters.network, keys);
      return yield* differ(FILE, `${at}: evidence`, wanted, found);
    }
    const { oldKey, newKey } = opened.change;
    if (equalBytes(oldKey, entry.publicKey)) {
      yield* this.#checkKeyChange(at, opened.change, change, { old: before?.hotspot, next: undefined });
      const { hotspot, word } = before as State;
      return { hotspot: retiredHotspot(hotspot, change, newKey), word };
    }
    if (newKey === null || !equalBytes(newKey, entry.publicKey)) {
      return yield* differ(FILE, `${at}: evidence`, `about ${entry.id}`, hotspotId(oldKey));
    }
    const old = yield* this.#beforeRetiring(at, hotspotId(oldKey), change);
    yield* this.#checkKeyChange(at, opened.change, change, { old: old.hotspot, next: before?.hotspot });
    const word = succeededAssertion(before?.word, old.word);
    return { hotspot: succeedingHotspot(old.hotspot, change, newKey), word };
  }

  *#checkKeyChange(
    at: string,
    keyChange: KeyChange,
    { atMs }: RegistryChange,
    hotspots: { old: Hotspot | undefined; next: Hotspot | undefined },
  ): Check<void> {
    const problem = keyChangeProblem(keyChange, atMs, hotspots, this.#context.parameters);
    if (problem !== undefined) yield* differ(FILE, `${at}: ${problem.field}`, problem.allowed, problem.found);
  }

  /** The hotspot whose place is taken, up to the same change in its own history. */
  *#beforeRetiring(at: string, id: string, change: RegistryChange): Check<State> {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      return yield* differ(
        FILE,
        `${at}: evidence`,
        `an entry of hotspot ${id}, whose place it takes`,
        "none",
      );
    const states = yield* this.#follow(entry);
    const place = entry.changes.findIndex((one) => isSameChange(one, change));
    const state = states[place - 1];
    if (state === undefined) {
      const wanted = `the same change of hotspot ${id}, after others and at the same time`;
      return yield* differ(FILE, `${at}: evidence`, wanted, place < 0 ? "none" : "its first");
    }
    return state;
  }
}

const isSameChange = (one: RegistryChange, other: RegistryChange): boolean =>
  one.atMs === other.atMs && one.fromEpoch === other.fromEpoch && equalBytes(one.evidence, other.evidence);

/** Of a registration why it does not count. */
function neither(evidence: Uint8Array, network: string, keys: NetworkKeys): string {
  const opened = registrationMessage.open(evidence, network, keys);
  return opened.ok || opened.code === "wrong_type" ? "neither" : refusedSignature(evidence, opened.code);
}

/**
 * A change is taken in once, after the one before it, and counts from the next epoch on. A new hotspot may count at
 * once, so its first change comes before its epoch is closed.
 */
function* checkTime(
  at: string,
  { atMs, fromEpoch }: RegistryChange,
  before: RegistryChange | undefined,
  { epoch, closedAtMs }: Manifest,
  parameters: NetworkParameters,
): Check<void> {
  const first = before === undefined ? 0 : before.fromEpoch + 1;
  if (fromEpoch < first || fromEpoch > epoch) {
    yield* differ(FILE, `${at}: fromEpoch`, `an epoch from ${first} to ${epoch}`, String(fromEpoch));
  }
  const fromMs = epochSpanMs(fromEpoch - 1, parameters).fromMs;
  const untilMs = before === undefined ? closedAtMs : epochSpanMs(fromEpoch, parameters).fromMs - 1;
  if (atMs < fromMs || atMs > untilMs) {
    const why = before === undefined ? "when the epoch closed" : `before epoch ${fromEpoch} began`;
    yield* differ(FILE, `${at}: atMs`, `a time from ${fromMs} to ${untilMs}, ${why}`, String(atMs));
  }
  if (before !== undefined && atMs <= before.atMs) {
    yield* differ(
      FILE,
      `${at}: atMs`,
      `a time after that of the change before, ${before.atMs}`,
      String(atMs),
    );
  }
}
