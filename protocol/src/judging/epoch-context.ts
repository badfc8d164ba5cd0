import { ChainChecker } from "../beacon/chain.ts";
import { type Denial, denialsInForce, edgeSubject } from "../network/denial.ts";
import { type Entropy, entropyCounts } from "../network/entropy.ts";
import type { SequenceRange } from "../network/receipt.ts";
import type { NetworkParameters } from "../parameters/parameters.ts";
import type { Hotspot } from "../registry/registry.ts";
import { windowOf } from "../time/schedule.ts";
import type { LatestContacts } from "./contacts.ts";
import { denialsWithSuccessors } from "./denied-successors.ts";
import { earlierReports } from "./earlier-reports.ts";
import { isBeacon, isReport, isTimely } from "./group.ts";
import type { JudgingContext, ReceivedPacket, ReceivedReport } from "./types.ts";

/** Everything that an epoch is judged from. Order and duplicates do not matter. */
export interface EpochInputs {
  parameters: NetworkParameters;
  /** All packets received for the epoch. */
  packets: readonly ReceivedPacket[];
  epoch: number;
  hotspots: readonly Hotspot[];
  /** All that the network has signed; those in force in the epoch count. */
  denials: readonly Denial[];
  entropy: readonly EpochEntropy[];
  /** Sequence numbers of reports of earlier epochs, per hotspot: ascending, disjoint runs. */
  usedSequences: ReadonlyMap<string, readonly SequenceRange[]>;
  /** Latest contacts in earlier epochs, of every hotspot that reports in this one. */
  contactsBefore: ReadonlyMap<string, LatestContacts>;
  /** Remembers values of epochs judged before, which saves hashes and changes no answer. */
  chains?: ChainChecker;
}

/** Without a source it counts. */
type EpochEntropy = Pick<Entropy, "index" | "value"> & Partial<Pick<Entropy, "source">>;

const counts = ({ source = null }: EpochEntropy): boolean => entropyCounts({ source });

/** What rules may ask while an epoch is judged. @param packets each once */
export function epochContext(
  inputs: EpochInputs,
  packets: readonly ReceivedPacket[],
  contact: JudgingContext["contact"],
): JudgingContext {
  const { parameters, chains = new ChainChecker(parameters.network) } = inputs;
  const hotspots = new Map(inputs.hotspots.map((hotspot) => [hotspot.id, hotspot]));
  const entropy = [...inputs.entropy].sort((a, b) => a.index - b.index);
  const values = new Map(entropy.map(({ index, value }) => [index, value]));
  const counted = entropy.filter(counts);
  const uncounted = new Set(entropy.filter((one) => !counts(one)).map(({ index }) => index));
  const firstOfWindow = firstPerWindow(counted, parameters);
  const sequences = sequenceOwners(packets);
  const reports = packets.filter(isReport);
  const firstBeacons = firstBeaconIndexes(reports, parameters);
  const earlier = earlierReports(reports, parameters);
  const denials = denialsWithSuccessors(denialsInForce(inputs.denials, inputs.epoch), hotspots);
  const drawing = (fromIndex: number) =>
    (uncounted.has(fromIndex) ? undefined : values.get(fromIndex)) ??
    counted.find(({ index }) => index >= fromIndex)?.value;
  const isUsed = ({ hotspotId, packet }: ReceivedPacket) =>
    isWithin(inputs.usedSequences.get(hotspotId) ?? [], packet.sequence);
  return {
    parameters,
    hotspot: (id) => hotspots.get(id),
    entropyValue: (index) => values.get(index),
    isEntropyCounted: (index) => !uncounted.has(index),
    firstEntropyOfWindow: (window) => firstOfWindow.get(window),
    drawEntropy: drawing,
    isSequenceReused: (report) => sequences.get(sequenceKey(report)) !== report.id || isUsed(report),
    firstBeaconIndex: (hotspotId, window) => firstBeacons.get(`${hotspotId} ${window}`),
    earlierReport: (report) => earlier.get(report.id),
    contact,
    // Nearly always none: saves two hex encodings per report.
    denial: (hotspot) => (denials.size === 0 ? undefined : denials.get(hotspot.toHex())),
    edgeDenial: (a, b) => (denials.size === 0 ? undefined : denials.get(edgeSubject(a, b))),
    isChainValue: (publicKey, window, value, head) => chains.isValue(publicKey, window, value, head),
  };
}

/** Whether a number lies in one of the ascending runs, by binary search. */
function isWithin(runs: readonly SequenceRange[], sequence: number): boolean {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((runs[middle] as SequenceRange).last < sequence) low = middle + 1;
    else high = middle;
  }
  return (runs[low]?.first ?? Number.POSITIVE_INFINITY) <= sequence;
}

function firstPerWindow(
  entropy: readonly { index: number }[],
  { windowPeriods }: NetworkParameters,
): Map<number, number> {
  const first = new Map<number, number>();
  for (const { index } of entropy) {
    const window = windowOf(index, windowPeriods);
    if (!first.has(window)) first.set(window, index);
  }
  return first;
}

const sequenceKey = (packet: ReceivedPacket): string => `${packet.hotspotId} ${packet.packet.sequence}`;

/** Which packet owns each sequence number: the one received first, then the one with the lower id. */
function sequenceOwners(packets: readonly ReceivedPacket[]): Map<string, string> {
  const owners = new Map<string, ReceivedPacket>();
  for (const packet of packets) {
    const key = sequenceKey(packet);
    const owner = owners.get(key);
    if (owner === undefined || isEarlier(packet, owner)) owners.set(key, packet);
  }
  return new Map([...owners].map(([key, { id }]) => [key, id]));
}

const isEarlier = (
  a: Pick<ReceivedPacket, "receivedAtMs" | "id">,
  b: Pick<ReceivedPacket, "receivedAtMs" | "id">,
): boolean => a.receivedAtMs < b.receivedAtMs || (a.receivedAtMs === b.receivedAtMs && a.id < b.id);

function firstBeaconIndexes(
  reports: readonly ReceivedReport[],
  parameters: NetworkParameters,
): Map<string, number> {
  const first = new Map<string, number>();
  for (const report of reports) {
    if (!isBeacon(report) || !isTimely(report, parameters)) continue;
    const index = report.packet.entropyIndex;
    const key = `${report.hotspotId} ${windowOf(index, parameters.windowPeriods)}`;
    first.set(key, Math.min(index, first.get(key) ?? index));
  }
  return first;
}
