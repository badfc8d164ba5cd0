/** What packets are, how they are judged and what they earn: pure functions, no I/O. */
export {
  beaconMessage,
  type DerivedBeacon,
  deriveBeacon,
  scheduledIndex,
  scheduleMessage,
} from "./beacon/derive.ts";
export * from "./beacon/frame.ts";
export * from "./bytes.ts";
export * from "./cbor.ts";
export { type Clock, EARLIEST_PLAUSIBLE_MS, type Random } from "./clock.ts";
export {
  type Envelope,
  MAX_PACKET_BYTES,
  networkAad,
  openEnvelope,
  sealFields,
  signedBytes,
} from "./cose.ts";
export * from "./did-key.ts";
export * from "./ed25519.ts";
export * from "./evm-address.ts";
export * from "./geo.ts";
export { sha256 } from "./hash.ts";
export { hotspotName } from "./hotspot-name.ts";
export { BEACON_RULES } from "./judging/beacon-rules.ts";
export * from "./judging/contacts.ts";
export * from "./judging/edges.ts";
export {
  type EpochInputs,
  type EpochJudgement,
  isEarlier,
  judgeEpoch,
  verifySignature,
} from "./judging/epoch.ts";
export * from "./judging/group.ts";
export { type GroupJudgement, judgeGroup, type ProvenBeacon } from "./judging/judge.ts";
export { explainVerdict, RATE_LIMITED, RULE_ORDER } from "./judging/reasons.ts";
export * from "./judging/rule-set.ts";
export * from "./judging/types.ts";
export { type Log, type LogLevel, silentLog } from "./log.ts";
export * from "./merkle.ts";
export * from "./network/denial.ts";
export { type Entropy, entropyHash, entropyMessage } from "./network/entropy.ts";
export * from "./network/login-token.ts";
export * from "./network/manifest.ts";
export {
  MAX_MESSAGE_BYTES,
  type MessageCodec,
  type MessageOpened,
  type MessageRefusal,
  messageCodec,
} from "./network/message.ts";
export * from "./network/parameters-message.ts";
export * from "./network/receipt.ts";
export * from "./network/registration.ts";
export * from "./network/verdict-message.ts";
export * from "./packet/codec.ts";
export * from "./packet/packet.ts";
export * from "./parameters.ts";
export * from "./parameters-check.ts";
export * from "./parameters-text.ts";
export * from "./quantities.ts";
export * from "./radio/airtime.ts";
export * from "./radio/propagation.ts";
export * from "./radio/regions.ts";
export * from "./readings-score.ts";
export * from "./registry.ts";
export * from "./registry-evidence.ts";
export * from "./rewards.ts";
export * from "./schedule.ts";
export * from "./settlement.ts";
export * from "./topics.ts";
