import { beaconKey } from "../beacon/frame.ts";
import { shortId } from "../crypto/did-key.ts";
import type { DecodedPacket } from "../packet/codec.ts";
import type { BeaconPacket, WitnessPacket } from "../packet/packet.ts";
import type { NetworkParameters } from "../parameters/parameters.ts";
import { deadlineMs } from "../time/schedule.ts";
import type { ReceivedBeacon, ReceivedPacket, ReceivedReport, ReceivedWitness } from "./types.ts";

/** All reports about one beacon: judged together, independently of all others. */
export interface ReportGroup {
  key: string;
  beacons: ReceivedBeacon[];
  witnesses: ReceivedWitness[];
}

export const isBeacon = (report: ReceivedPacket): report is ReceivedBeacon => report.packet.type === "beacon";
export const isWitness = (report: ReceivedPacket): report is ReceivedWitness =>
  report.packet.type === "witness";
export const isReport = (report: ReceivedPacket): report is ReceivedReport =>
  isBeacon(report) || isWitness(report);

type ReportPacket = BeaconPacket | WitnessPacket;

/** Whether a report came in time: a witness's until it may be revealed what was sent, the beacon's own until later. */
export const isTimely = ({ packet, receivedAtMs }: ReceivedReport, parameters: NetworkParameters): boolean =>
  receivedAtMs <= deadlineMs(packet.type, packet.entropyIndex, parameters);

/** `beaconKey` of the beacon that a report is about. */
export function packetBeaconKey({
  packet,
  publicKey,
}: {
  packet: ReportPacket;
  publicKey: Uint8Array;
}): string {
  return beaconKey(packet.entropyIndex, packet.type === "beacon" ? shortId(publicKey) : packet.shortId);
}

/** Type, index and key that a store files a report under; `undefined` for packets that are not reports. */
export function reportIndexAndKey(
  decoded: Pick<DecodedPacket, "packet" | "publicKey">,
): { type: ReportPacket["type"]; entropyIndex: number; key: string } | undefined {
  const { packet, publicKey } = decoded;
  if (packet.type !== "beacon" && packet.type !== "witness") return undefined;
  const { type, entropyIndex } = packet;
  return { type, entropyIndex, key: packetBeaconKey({ packet, publicKey }) };
}

/** By the hotspot's own numbering; the id decides between two packets with one number. */
export const bySequence = (a: ReceivedReport, b: ReceivedReport): number =>
  a.packet.sequence - b.packet.sequence || (a.id < b.id ? -1 : 1);

/** Sorted by key, so that nothing depends on the order of arrival. */
export function groupReports(reports: Iterable<ReceivedReport>): ReportGroup[] {
  const groups = new Map<string, ReportGroup>();
  for (const report of reports) {
    const key = packetBeaconKey(report);
    const group = groups.get(key) ?? { key, beacons: [], witnesses: [] };
    groups.set(key, group);
    if (isBeacon(report)) group.beacons.push(report);
    else group.witnesses.push(report);
  }
  return [...groups.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
