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
export * from "./crypto/did-key.ts";
export * from "./crypto/ed25519.ts";
export { sha256 } from "./crypto/sha256.ts";
export * from "./encoding/bytes.ts";
export { explainVerdict, RATE_LIMITED } from "./judging/reasons.ts";
export { type Log, type LogLevel, silentLog } from "./log.ts";
export * from "./math/geo.ts";
export * from "./mqtt/broker.ts";
export * from "./mqtt/topics.ts";
export { type Entropy, entropyHash, entropyMessage } from "./network/entropy.ts";
export * from "./network/login-token.ts";
export { MAX_MESSAGE_BYTES, type MessageRefusal } from "./network/message.ts";
export * from "./network/receipt.ts";
export * from "./network/verdict-message.ts";
export { OutageLog } from "./outage-log.ts";
export { decodePacket, encodePacket, PacketFieldError } from "./packet/codec.ts";
export * from "./packet/limits.ts";
export { explainLoss, LOSS_REASONS, type LossCount, type LossReason, lossList } from "./packet/losses.ts";
export * from "./packet/packet.ts";
export { PACKET_TYPE_NUMBERS } from "./packet/shapes.ts";
export * from "./radio/airtime.ts";
export * from "./radio/regions.ts";
export * from "./readings/quantities.ts";
export * from "./rewards/evm-address.ts";
export {
  type Clock,
  type ClockReading,
  EARLIEST_PLAUSIBLE_MS,
  type Random,
  readClock,
  toWallTime,
} from "./time/clock.ts";
export * from "./time/schedule.ts";
