import type { Entropy } from "../network/entropy.ts";
import type { SequenceRange } from "../network/receipt.ts";
import type { NetworkParameters } from "../parameters.ts";
import type { Hotspot } from "../registry.ts";
import { reportDeadlineMs, windowOf } from "../schedule.ts";
import { groupReports, isReport, reportedIndex } from "./group.ts";
import { judgeGroup, type ProvenBeacon } from "./judge.ts";
import type { JudgingWorld, ReceivedPacket, ReceivedReport, Verdict } from "./types.ts";

/** All that an epoch is judged from. Orders and duplicates do not matter. */
export interface EpochInputs {
  parameters: NetworkParameters;
  /** All packets received for the epoch. */
  packets: readonly ReceivedPacket[];
  hotspots: readonly Hotspot[];
  entropy: readonly Pick<Entropy, "index" | "value">[];
  /** Sequence numbers stored before the epoch's own packets, per hotspot. */
  usedSequences: ReadonlyMap<string, readonly SequenceRange[]>;
}

export interface EpochJudgement {
  /** Sorted by packet id. */
  verdicts: Verdict[];
  /** Sorted by beacon key. */
  proven: ProvenBeacon[];
}

/** Judges a whole epoch from its packets alone. */
export function judgeEpoch(inputs: EpochInputs): EpochJudgement {
  const packets = unique(inputs.packets);
  const world = epochWorld(inputs, packets);
  const judgements = groupReports(packets.filter(isReport)).map((group) => judgeGroup(group, world));
  return {
    verdicts: judgements
      .flatMap((judgement) => judgement.verdicts)
      .sort((a, b) => (a.packetId < b.packetId ? -1 : 1)),
    proven: judgements.flatMap(({ proven }) => (proven === undefined ? [] : [proven])),
  };
}

/** The same packet twice is one packet, received when it came first. */
function unique(packets: readonly ReceivedPacket[]): ReceivedPacket[] {
  const first = new Map<string, ReceivedPacket>();
  for (const packet of packets) {
    const known = first.get(packet.id);
    if (known === undefined || packet.receivedAtMs < known.receivedAtMs) first.set(packet.id, packet);
  }
  return [...first.values()];
}

function epochWorld(inputs: EpochInputs, packets: readonly ReceivedPacket[]): JudgingWorld {
  const { parameters } = inputs;
  const hotspots = new Map(inputs.hotspots.map((hotspot) => [hotspot.id, hotspot]));
  const entropy = [...inputs.entropy].sort((a, b) => a.index - b.index);
  const values = new Map(entropy.map(({ index, value }) => [index, value]));
  const firstOfWindow = firstPerWindow(entropy, parameters);
  const sequences = sequenceOwners(packets);
  const firstBeacons = firstBeaconIndexes(packets.filter(isReport), parameters);
  const isUsed = (report: ReceivedPacket) =>
    inputs.usedSequences
      .get(report.hotspotId)
      ?.some(({ first, last }) => report.packet.sequence >= first && report.packet.sequence <= last) ?? false;
  return {
    parameters,
    hotspot: (id) => hotspots.get(id),
    entropyValue: (index) => values.get(index),
    firstEntropyOfWindow: (window) => firstOfWindow.get(window),
    drawEntropy: (fromIndex) => entropy.find(({ index }) => index >= fromIndex)?.value,
    isSequenceReused: (report) => sequences.get(sequenceKey(report)) !== report.id || isUsed(report),
    firstBeaconIndex: (hotspotId, window) => firstBeacons.get(`${hotspotId} ${window}`),
  };
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

export const isEarlier = (
  a: Pick<ReceivedPacket, "receivedAtMs" | "id">,
  b: Pick<ReceivedPacket, "receivedAtMs" | "id">,
): boolean => a.receivedAtMs < b.receivedAtMs || (a.receivedAtMs === b.receivedAtMs && a.id < b.id);

function firstBeaconIndexes(
  reports: readonly ReceivedReport[],
  parameters: NetworkParameters,
): Map<string, number> {
  const first = new Map<string, number>();
  for (const report of reports) {
    const index = reportedIndex(report);
    if (report.packet.type !== "beacon" || report.receivedAtMs > reportDeadlineMs(index, parameters))
      continue;
    const key = `${report.hotspotId} ${windowOf(index, parameters.windowPeriods)}`;
    first.set(key, Math.min(index, first.get(key) ?? index));
  }
  return first;
}
