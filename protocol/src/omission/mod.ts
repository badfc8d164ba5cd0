/** What shows that a network left out a report that it had confirmed: for hotspots that look, and for whoever judges. */
export { type Contradiction, decodeEvidence, type Evidence, encodeEvidence } from "./evidence.ts";
export {
  type Confirmation,
  confirmationIn,
  deadlineMs,
  type EvidenceAnswer,
  type Finding,
  judgeEvidence,
} from "./judge-evidence.ts";
export { PacketStream, readByteStringAt, readPacketAt, type SequencePacket } from "./packet-sequence.ts";
