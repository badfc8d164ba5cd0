import {
  decodePacket,
  type EdgeEvidence,
  edgesOfEpoch,
  isReport,
  type ReceivedReport,
  receivedPacket,
  type Verdict,
} from "@earshot/protocol";
import type { BundlePacket } from "../bundle/bundle.ts";
import type { InTurns } from "../in-turns.ts";

const PACKETS_A_TURN = 512;

/** Who validly heard whom, from packets as they are stored. */
export function* edgesOfStored(
  packets: readonly BundlePacket[],
  verdicts: readonly Verdict[],
): InTurns<EdgeEvidence[]> {
  const hotspots = new Map(verdicts.map(({ packetId, hotspotId }) => [packetId, hotspotId]));
  const reports: ReceivedReport[] = [];
  for (const [i, { id, bytes, receivedAtMs }] of packets.entries()) {
    if (i % PACKETS_A_TURN === PACKETS_A_TURN - 1) yield;
    const hotspotId = hotspots.get(id);
    const result = hotspotId === undefined ? undefined : decodePacket(bytes);
    if (hotspotId === undefined || !result?.ok) continue;
    const packet = receivedPacket(result.decoded, hotspotId, receivedAtMs);
    if (isReport(packet)) reports.push(packet);
  }
  return edgesOfEpoch(reports, verdicts);
}
