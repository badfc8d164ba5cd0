import {
  type ChainChecker,
  type Denial,
  decodePacket,
  denialsWithSuccessors,
  drawIndex,
  edgeSubject,
  entropyCounts,
  type Hotspot,
  isBeacon,
  type JudgingContext,
  type LatestContacts,
  type NetworkParameters,
  type ReceivedReport,
  type ReportTimes,
  receivedPacket,
  windowOf,
} from "@earshot/protocol";
import { firstCounted } from "../entropy/counted-entropy.ts";
import { contactsOfLineages, lineages } from "../registry/lineage.ts";
import type { StoredPacket } from "../store/records.ts";
import type { Store } from "../store/store.ts";

/** Reports about beacons of one entropy index, filed under one epoch: what is judged together. */
export interface ReportsOfIndex {
  entropyIndex: number;
  epoch: number;
  reports: readonly ReceivedReport[];
}

type ContextStore = Pick<
  Store,
  | "entropyRange"
  | "firstEntropy"
  | "reusedNumbers"
  | "firstBeaconIndexes"
  | "earlierReports"
  | "contactsBefore"
>;

/** What an epoch is judged by: of the epoch that reports are filed under. */
interface EpochFacts {
  parameters: NetworkParameters;
  /** Those that report, as registered. */
  hotspots: ReadonlyMap<string, Hotspot>;
  /** Others, as they were then. */
  hotspotsById(ids: Iterable<string>): Promise<ReadonlyMap<string, Hotspot>>;
  /** By `denialSubject`. */
  denials: ReadonlyMap<string, Denial>;
  chains: ChainChecker;
}

/**
 * Fetches all that judging these timely reports may ask, and answers from it. The answers are those of `judgeEpoch` over
 * the epoch's whole bundle: a number is used by what was filed under an earlier epoch or received earlier in this one, and
 * what may still be filed cannot change them, because it will have been received later.
 */
export async function judgingContextOf(
  about: ReportsOfIndex,
  facts: EpochFacts,
  store: ContextStore,
): Promise<JudgingContext> {
  const { parameters, hotspots, denials, chains } = facts;
  const window = windowOf(about.entropyIndex, parameters.windowPeriods);
  const fetched = about.reports.length === 0 ? NOTHING : await fetchFacts(about, window, facts, store);
  const { entropy, drawing, reused, firstBeacons, contacts, earlier } = fetched;
  const denied = denialsWithSuccessors(denials, fetched.lines);
  const published = new Map(entropy.map((stored) => [stored.entropy.index, stored.entropy]));
  const first = entropy.find((stored) => entropyCounts(stored.entropy));
  return {
    parameters,
    hotspot: (id) => hotspots.get(id),
    entropyValue: (index) => published.get(index)?.value,
    isEntropyCounted: (index) => entropyCounts(published.get(index) ?? { source: null }),
    firstEntropyOfWindow: (of) => (of === window ? first?.entropy.index : undefined),
    drawEntropy: () => drawing?.entropy.value,
    isSequenceReused: (report) => reused.has(report.id),
    firstBeaconIndex: (hotspotId) => firstBeacons.get(hotspotId),
    earlierReport: (report) => earlier.get(report.id),
    contact: (id, kind) => contacts.get(id)?.[kind] ?? undefined,
    denial: (hotspot) => denied.get(hotspot.toHex()),
    edgeDenial: (a, b) => denied.get(edgeSubject(a, b)),
    isChainValue: (...asked) => chains.isValue(...asked),
  };
}

interface Fetched {
  entropy: Awaited<ReturnType<Store["entropyRange"]>>;
  drawing: Awaited<ReturnType<typeof firstCounted>>;
  reused: ReadonlySet<string>;
  firstBeacons: ReadonlyMap<string, number>;
  contacts: ReadonlyMap<string, LatestContacts>;
  earlier: ReadonlyMap<string, ReportTimes>;
  /** Those that report and all whose places they took; empty where nobody is denied anything. */
  lines: ReadonlyMap<string, Hotspot>;
}

const NOTHING: Fetched = {
  entropy: [],
  drawing: undefined,
  reused: new Set(),
  firstBeacons: new Map(),
  contacts: new Map(),
  earlier: new Map(),
  lines: new Map(),
};

async function fetchFacts(
  about: ReportsOfIndex,
  window: number,
  facts: EpochFacts,
  store: ContextStore,
): Promise<Fetched> {
  const { entropyIndex, epoch, reports } = about;
  const { parameters } = facts;
  const windowStart = window * parameters.windowPeriods;
  const beaconers = reports.filter(isBeacon).map(({ hotspotId }) => hotspotId);
  return {
    entropy: await store.entropyRange(windowStart, entropyIndex),
    drawing: await firstCounted(store, drawIndex(entropyIndex, parameters)),
    reused: await store.reusedNumbers(entropyIndex, epoch),
    firstBeacons: await store.firstBeaconIndexes(beaconers, windowStart, entropyIndex),
    contacts: await contactsOf(about, facts, store),
    earlier: await store.earlierReports(entropyIndex, epoch),
    lines: await linesOf(about, facts),
  };
}

async function linesOf(
  { reports }: ReportsOfIndex,
  { denials, hotspotsById }: EpochFacts,
): Promise<ReadonlyMap<string, Hotspot>> {
  if (denials.size === 0) return new Map();
  const ids = reports.map(({ hotspotId }) => hotspotId);
  return hotspotsById((await lineages(ids, hotspotsById)).flat());
}

/** Indexes are judged in order, so the stored contacts are those before this one. */
async function contactsOf(
  { entropyIndex, reports }: ReportsOfIndex,
  { parameters, hotspotsById }: EpochFacts,
  store: ContextStore,
): Promise<ReadonlyMap<string, LatestContacts>> {
  if (parameters.reciprocityPeriods === 0) return new Map();
  const ids = reports.map(({ hotspotId }) => hotspotId);
  return contactsOfLineages(ids, entropyIndex, hotspotsById, store);
}

/** @throws {TypeError} if the store does not hold what ingest put there */
export function reportOf(stored: StoredPacket): ReceivedReport {
  const result = decodePacket(stored.bytes);
  if (!result.ok) throw new TypeError(`Stored packet ${stored.id} cannot be decoded: ${result.code}`);
  return receivedPacket(result.decoded, stored.hotspotId, stored.receivedAtMs) as ReceivedReport;
}
