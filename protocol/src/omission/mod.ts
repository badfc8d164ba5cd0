/** What shows that a network left out a report that it had confirmed: for hotspots that look, and for whoever judges. */
export { indexRootMessage, packetsRoot } from "../network/index-root.ts";
export { type Manifest, manifestMessage } from "../network/manifest.ts";
export { parametersMessage } from "../network/parameters-message.ts";
export type { NetworkParameters } from "../parameters/parameters.ts";
export { type Contradiction, decodeEvidence, type Evidence, encodeEvidence } from "./evidence.ts";
export {
  type ContradictionAnswer,
  type ContradictionFinding,
  judgeContradiction,
  readContradiction,
} from "./judge-contradiction.ts";
export {
  confirmationIn,
  type EvidenceAnswer,
  type Finding,
  judgedFromMs,
  judgeEvidence,
  reportIn,
} from "./judge-evidence.ts";
export { PacketStream, readByteStringAt, readPacketAt, type SequencePacket } from "./packet-sequence.ts";
