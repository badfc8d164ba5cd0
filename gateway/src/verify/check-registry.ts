import { formatEvmAddress, type Hotspot, hotspotId, type Manifest } from "@earshot/protocol";
import { readRegistry } from "../bundle/json-readers.ts";
import type { RegistryEntry } from "../bundle/json-schemas.ts";
import { formatRegistry } from "../bundle/json-texts.ts";
import type { ShownHotspot } from "../bundle/registry-hash.ts";
import { answersOf, type Check, differ, expectEqual } from "./check.ts";
import { openCommitments } from "./check-commitments.ts";
import { readFileAs } from "./check-manifest.ts";
import { expectText } from "./expect-text.ts";
import { Following, type RegistryContext } from "./follow-changes.ts";
import {
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

/** What the registry says of each hotspot must follow from the signed changes in it, and from nothing else. */
export function* openRegistry(
  bundle: { [FILE]: Uint8Array },
  context: RegistryContext,
  signatures: SignatureChecker,
): Check<OpenedRegistry> {
  const entries = yield* readFileAs(bundle, FILE, readRegistry);
  const shown: ShownHotspot[] = [];
  const [places, jobs]: [Place[], SignatureJob[]] = [[], []];
  const following = new Following(entries, context, (entry, at, job) => {
    places.push({ at, id: entry.id, kind: job.signature.length === 0 ? "registration" : "assertion" });
    jobs.push(job);
  });
  for (const entry of entries) {
    yield* expectEqual(FILE, `hotspot ${entry.id}, id`, hotspotId(entry.publicKey), entry.id);
    const hotspot = yield* following.hotspotOf(entry);
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
  "predecessor",
] as const satisfies readonly (keyof RegistryEntry & keyof Hotspot)[];

function* checkFacts(entry: RegistryEntry, hotspot: Hotspot): Check<void> {
  const expect = (fact: string, expected: unknown, found: unknown) =>
    expectEqual(FILE, `hotspot ${entry.id}, ${fact}`, `${expected}`, `${found}`, "as its changes say");
  for (const fact of FACTS) yield* expect(fact, hotspot[fact], entry[fact]);
  yield* expect("payee", payeeText(hotspot.payee), payeeText(entry.payee));
  yield* expect("retired", retiredText(hotspot), retiredText(entry));
}

const retiredText = ({ retired }: Pick<Hotspot, "retired">): string =>
  retired === null ? "no" : `from epoch ${retired.fromEpoch}, successor ${retired.successor ?? "none"}`;

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

/**
 * Only who took part is in the file: those with a packet, those ever paid, those shown before that have changed, and whose
 * place one of these took.
 */
export function* checkParticipants(
  shown: readonly ShownHotspot[],
  { epoch, previousEpoch }: Manifest,
  { reporting, paid }: Participants,
): Check<void> {
  const needed = new Set(shown.map(({ hotspot }) => hotspot.predecessor));
  for (const { hotspot, changes, sinceEpoch } of shown) {
    if (reporting.has(hotspot.id) || paid.has(hotspot.id) || needed.has(hotspot.id)) continue;
    const newest = Math.max(...[...changes, ...hotspot.commitments].map(({ fromEpoch }) => fromEpoch));
    const hasChanged = newest > (previousEpoch ?? -1);
    if (hasChanged && sinceEpoch < epoch) continue;
    yield* differ(FILE, `hotspot ${hotspot.id}`, "no entry: it took no part", "an entry");
  }
}
