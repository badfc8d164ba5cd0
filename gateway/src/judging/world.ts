import {
  type Denial,
  decodePacket,
  drawIndex,
  edgeSubject,
  type Hotspot,
  isEarlier,
  type JudgingWorld,
  type LatestContacts,
  type NetworkParameters,
  type ReceivedPacket,
  type ReceivedReport,
  received,
  reportDeadlineMs,
  windowOf,
} from "@earshot/protocol";
import type { SequenceRival, Store, StoredPacket } from "../store/store.ts";

/** Reports about beacons of one entropy index, filed under one epoch: what is judged together. */
export interface ReportsOfIndex {
  entropyIndex: number;
  epoch: number;
  reports: readonly ReceivedReport[];
}

type WorldStore = Pick<
  Store,
  "entropyRange" | "firstEntropy" | "sequenceRivals" | "beaconReports" | "earlierReports" | "contactsBefore"
>;

/** What is true of the epoch that reports are filed under. */
export interface EpochFacts {
  parameters: NetworkParameters;
  /** Those that report, as registered. */
  hotspots: ReadonlyMap<string, Hotspot>;
  /** By `denialSubject`. */
  denials: ReadonlyMap<string, Denial>;
  holds: JudgingWorld["holds"];
}

/**
 * Fetches all that judging these reports may ask, and answers from it. The answers are those of `judgeEpoch` over the
 * epoch's whole bundle: a number is used by what was filed under an earlier epoch or received earlier in this one, and
 * what may still be filed cannot change them, because it will have been received later.
 */
export async function worldOf(
  about: ReportsOfIndex,
  { parameters, hotspots, denials, holds }: EpochFacts,
  store: WorldStore,
): Promise<JudgingWorld> {
  const { entropyIndex, epoch } = about;
  const window = windowOf(entropyIndex, parameters.windowPeriods);
  const windowStart = window * parameters.windowPeriods;
  const entropy = await store.entropyRange(windowStart, entropyIndex);
  const values = new Map(entropy.map((stored) => [stored.entropy.index, stored.entropy.value]));
  const drawing = await store.firstEntropy(drawIndex(entropyIndex, parameters));
  const reused = reusedNumbers(about, await store.sequenceRivals(entropyIndex));
  const firstBeacons = await firstBeaconIndexes(about, windowStart, parameters, store);
  const contacts = await contactsOf(about, parameters, store);
  const earlier = await store.earlierReports(entropyIndex, epoch, parameters);
  return {
    parameters,
    hotspot: (id) => hotspots.get(id),
    entropyValue: (index) => values.get(index),
    firstEntropyOfWindow: (of) => (of === window ? entropy[0]?.entropy.index : undefined),
    drawEntropy: () => drawing?.entropy.value,
    isSequenceReused: (report) => reused.has(report.id),
    firstBeaconIndex: (hotspotId) => firstBeacons.get(hotspotId),
    earlierReport: (report) => earlier.get(report.id),
    contact: (id, kind) => contacts.get(id)?.[kind] ?? undefined,
    denial: (hotspot) => denials.get(hotspot.toHex()),
    edgeDenial: (a, b) => denials.get(edgeSubject(a, b)),
    holds,
  };
}

/** Indexes are judged in order, so what is stored is what came before this one. */
async function contactsOf(
  { entropyIndex, reports }: ReportsOfIndex,
  { reciprocityPeriods }: NetworkParameters,
  store: WorldStore,
): Promise<ReadonlyMap<string, LatestContacts>> {
  if (reciprocityPeriods === 0) return new Map();
  return store.contactsBefore(
    reports.map(({ hotspotId }) => hotspotId),
    entropyIndex,
  );
}

/** Ids of the reports whose number another packet used before them. */
function reusedNumbers({ epoch, reports }: ReportsOfIndex, rivals: readonly SequenceRival[]): Set<string> {
  const own = new Map(reports.map((report) => [report.id, report]));
  const isFirst = (rival: SequenceRival, report: ReceivedPacket) =>
    rival.epoch < epoch || (rival.epoch === epoch && isEarlier(rival, report));
  const beaten = rivals.filter((rival) => {
    const report = own.get(rival.packetId);
    return report !== undefined && isFirst(rival, report);
  });
  return new Set(beaten.map(({ packetId }) => packetId));
}

/** Lowest index, per beaconer here, of its timely beacon reports in this window. */
async function firstBeaconIndexes(
  { entropyIndex, reports }: ReportsOfIndex,
  windowStart: number,
  parameters: NetworkParameters,
  store: WorldStore,
): Promise<Map<string, number>> {
  const beaconers = new Set(
    reports.filter(({ packet }) => packet.type === "beacon").map(({ hotspotId }) => hotspotId),
  );
  const first = new Map<string, number>();
  for (const hotspotId of beaconers) {
    const beacons = await store.beaconReports(hotspotId, windowStart, entropyIndex);
    const timely = beacons.flatMap(({ entropyIndex: index, receivedAtMs }) =>
      index !== null && receivedAtMs <= reportDeadlineMs(index, parameters) ? [index] : [],
    );
    if (timely.length > 0) first.set(hotspotId, Math.min(...timely));
  }
  return first;
}

/** @throws {TypeError} if the store does not hold what ingest put there */
export function reportOf(stored: StoredPacket): ReceivedReport {
  const result = decodePacket(stored.bytes);
  if (!result.ok) throw new TypeError(`Stored packet ${stored.id} cannot be decoded: ${result.code}`);
  return received(result.decoded, stored.hotspotId, stored.receivedAtMs) as ReceivedReport;
}
