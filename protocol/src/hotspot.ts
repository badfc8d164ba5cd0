/**
 * What a hotspot needs of the protocol: packets, beacons, messages, radio. A part of `mod.ts` without judging, registry
 * and money, whose libraries (H3 above all) cost a small computer memory.
 */
export {
  beaconMessage,
  type DerivedBeacon,
  deriveBeacon,
  scheduledIndex,
  scheduleMessage,
} from "./beacon/derive.ts";
export * from "./beacon/frame.ts";
export * from "./broker-answer.ts";
export * from "./broker-url.ts";
export * from "./bytes.ts";
export {
  type Clock,
  EARLIEST_PLAUSIBLE_MS,
  type Present,
  presentOf,
  type Random,
  wallTimeOf,
} from "./clock.ts";
export * from "./did-key.ts";
export * from "./ed25519.ts";
export * from "./evm-address.ts";
export * from "./geo.ts";
export { sha256 } from "./hash.ts";
export { hotspotName } from "./hotspot-name.ts";
export { explainVerdict, RATE_LIMITED } from "./judging/reasons.ts";
export { type Log, type LogLevel, silentLog } from "./log.ts";
export { explainLoss, LOSS_REASONS, type LossCount, type LossReason, lossList } from "./losses.ts";
export * from "./mqtt-versions.ts";
export { type Entropy, entropyHash, entropyMessage } from "./network/entropy.ts";
export * from "./network/login-token.ts";
export { MAX_MESSAGE_BYTES, type MessageRefusal } from "./network/message.ts";
export * from "./network/receipt.ts";
export * from "./network/verdict-message.ts";
export { OutageLog } from "./outage-log.ts";
export { decodePacket, encodePacket, PacketFieldError } from "./packet/codec.ts";
export * from "./packet/limits.ts";
export * from "./packet/packet.ts";
export { PACKET_TYPE_NUMBERS } from "./packet/shapes.ts";
export * from "./quantities.ts";
export * from "./radio/airtime.ts";
export * from "./radio/regions.ts";
export * from "./schedule.ts";
export { seedWeakness } from "./seed-weakness.ts";
export * from "./topics.ts";
