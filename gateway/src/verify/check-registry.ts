import {
  changedHotspot,
  epochSpanMs,
  equalBytes,
  evidenceProblem,
  formatEvmAddress,
  type Hotspot,
  hotspotId,
  type Manifest,
  type NetworkKeys,
  type NetworkParameters,
  networkAad,
  type OwnerAssertion,
  ownerAssertionAfter,
  type RegistryChange,
  readEvidence,
  registrationMessage,
} from "@earshot/protocol";
import { readRegistry } from "../bundle/json-readers.ts";
import type { RegistryEntry } from "../bundle/json-schemas.ts";
import { formatRegistry } from "../bundle/json-texts.ts";
import type { ShownHotspot } from "../bundle/registry-hash.ts";
import { answersOf, type Check, differ, expectEqual } from "./check.ts";
import { openCommitments } from "./check-commitments.ts";
import { refusedSignature, signedBy } from "./check-keys.ts";
import { readFileAs, type SignedManifest } from "./check-manifest.ts";
import { packetJob } from "./check-packets.ts";
import { expectText } from "./expect-text.ts";
import {
  admissionOf,
  INADMISSIBLE,
  type PendingSignatures,
  type SignatureChecker,
  type SignatureJob,
  VALID,
} from "./signatures.ts";

const FILE = "registry.json";

export interface OpenedRegistry {
  shown: ShownHotspot[];
  registrations: Registrations;
  waiting: { places: Place[]; pending: PendingSignatures };
}

/** How many changes the owners signed, and how many the operator. */
export interface Registrations {
  owner: number;
  operator: number;
}

/** What a signature is about. */
interface Place {
  at: string;
  id: string;
  /** Of a registration only whether the key may sign anything is asked: it bears the network's signature. */
  kind: "assertion" | "registration" | "commitment";
}

interface Context {
  parameters: NetworkParameters;
  signed: SignedManifest;
  keys: NetworkKeys;
}

/** What the registry says of each hotspot must follow from the signed changes in it, and from nothing else. */
export function* openRegistry(
  bundle: { [FILE]: Uint8Array },
  context: Context,
  signatures: SignatureChecker,
): Check<OpenedRegistry> {
  const entries = yield* readFileAs(bundle, FILE, readRegistry);
  const shown: ShownHotspot[] = [];
  const [places, jobs]: [Place[], SignatureJob[]] = [[], []];
  for (const entry of entries) {
    yield* expectEqual(FILE, `hotspot ${entry.id}, id`, hotspotId(entry.publicKey), entry.id);
    const hotspot = yield* followChanges(entry, context, (at, job) => {
      places.push({ at, id: entry.id, kind: job.signature.length === 0 ? "registration" : "assertion" });
      jobs.push(job);
    });
    yield* checkFacts(entry, hotspot);
    yield* checkSince(entry, context.signed.manifest);
    const { epoch } = context.signed.manifest;
    const commitments = yield* openCommitments(entry, epoch, context.parameters, (at, job) => {
      places.push({ at, id: entry.id, kind: "commitment" });
      jobs.push(job);
    });
    const { changes, sinceEpoch } = entry;
    shown.push({ hotspot: { ...hotspot, commitments }, changes, sinceEpoch });
  }
  yield* expectText(FILE, formatRegistry(shown), bundle[FILE]);
  const countOf = (kind: Place["kind"]) => places.filter((place) => place.kind === kind).length;
  const registrations = { owner: countOf("assertion"), operator: countOf("registration") };
  return { shown, registrations, waiting: { places, pending: signatures.start(jobs) } };
}

function* followChanges(
  entry: RegistryEntry,
  { parameters, signed, keys }: Context,
  check: (at: string, job: SignatureJob) => void,
): Check<Hotspot> {
  const aad = networkAad(parameters.network);
  let hotspot: Hotspot | undefined;
  let word: OwnerAssertion | undefined;
  for (const [i, change] of entry.changes.entries()) {
    const at = `hotspot ${entry.id}, change ${i + 1}`;
    yield* checkTime(at, change, hotspot?.change, signed.manifest, parameters);
    const evidence = readEvidence(change.evidence, parameters.network, keys);
    if (evidence === undefined) {
      const wanted = `an asserting status packet, or a registration ${signedBy(keys, "registry")}`;
      return yield* differ(
        FILE,
        `${at}: evidence`,
        wanted,
        neither(change.evidence, parameters.network, keys),
      );
    }
    if (!equalBytes(evidence.publicKey, entry.publicKey)) {
      return yield* differ(FILE, `${at}: evidence`, `about ${entry.id}`, hotspotId(evidence.publicKey));
    }
    const problem = evidenceProblem(evidence, change.atMs, word, parameters);
    if (problem !== undefined) {
      return yield* differ(FILE, `${at}: ${problem.field}`, problem.allowed, problem.found);
    }
    word = ownerAssertionAfter(word, evidence);
    const job = evidence.by === "owner" ? packetJob(evidence.packet, aad) : admissionOf(entry.publicKey);
    check(`${at}: ${evidence.by === "owner" ? "signature" : "key"}`, job);
    hotspot = changedHotspot(hotspot, change, evidence);
    if (hotspot === undefined) {
      return yield* differ(FILE, `${at}: region`, "a region of the protocol", evidence.assertion.region);
    }
  }
  return hotspot ?? (yield* differ(FILE, `hotspot ${entry.id}, changes`, "at least one", "none"));
}

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

const FACTS = [
  "cell",
  "latE7",
  "lonE7",
  "elevationM",
  "antennaGainDdbi",
  "region",
  "registeredAtMs",
  "settledCell",
  "relocatedAtMs",
] as const satisfies readonly (keyof RegistryEntry & keyof Hotspot)[];

function* checkFacts(entry: RegistryEntry, hotspot: Hotspot): Check<void> {
  const expect = (fact: string, expected: unknown, found: unknown) =>
    expectEqual(FILE, `hotspot ${entry.id}, ${fact}`, `${expected}`, `${found}`, "as its changes say");
  for (const fact of FACTS) yield* expect(fact, hotspot[fact], entry[fact]);
  yield* expect("payee", payeeText(hotspot.payee), payeeText(entry.payee));
}

const payeeText = (payee: Uint8Array | null): string => (payee === null ? "none" : formatEvmAddress(payee));

/** Every change must be signed by the owner or operator that it names, every commitment by the hotspot. */
export function* checkRegistrySignatures({ waiting }: OpenedRegistry): Check<void> {
  const answers = yield* answersOf(waiting.pending);
  for (const [i, { at, id, kind }] of waiting.places.entries()) {
    if (answers[i] === INADMISSIBLE) yield* differ(FILE, at, "an admissible key", id);
    if (answers[i] === VALID || kind === "registration") continue;
    yield* differ(FILE, at, `a valid signature of ${id}`, "an invalid one");
  }
}

/** A hotspot is first shown when it counts. */
function* checkSince({ id, sinceEpoch, changes }: RegistryEntry, { epoch }: Manifest): Check<void> {
  const first = changes[0]?.fromEpoch ?? 0;
  if (sinceEpoch >= first && sinceEpoch <= epoch) return;
  yield* differ(FILE, `hotspot ${id}, sinceEpoch`, `an epoch from ${first} to ${epoch}`, String(sinceEpoch));
}

/** Who took part in an epoch, beside what bundles before it have shown. */
interface Participants {
  /** Hotspots with a packet. */
  reporting: ReadonlySet<string>;
  /** Those ever paid, this epoch included. */
  paid: ReadonlySet<string>;
}

/** Only who took part is in the file: those with a packet, those ever paid, and those shown before that have changed. */
export function* checkParticipants(
  shown: readonly ShownHotspot[],
  { epoch, previousEpoch }: Manifest,
  { reporting, paid }: Participants,
): Check<void> {
  for (const { hotspot, changes, sinceEpoch } of shown) {
    if (reporting.has(hotspot.id) || paid.has(hotspot.id)) continue;
    const newest = Math.max(...[...changes, ...hotspot.commitments].map(({ fromEpoch }) => fromEpoch));
    const hasChanged = newest > (previousEpoch ?? -1);
    if (hasChanged && sinceEpoch < epoch) continue;
    yield* differ(FILE, `hotspot ${hotspot.id}`, "no entry: it took no part", "an entry");
  }
}
