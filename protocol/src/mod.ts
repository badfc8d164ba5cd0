/**
 * What packets are, how they are judged and what they earn: pure functions, no I/O. `hotspot.ts` is the part of it that a
 * hotspot needs.
 */
export * from "./cbor.ts";
export {
  type Envelope,
  MAX_PACKET_BYTES,
  networkAad,
  openEnvelope,
  sealFields,
  signedBytes,
} from "./cose.ts";
export * from "./hotspot.ts";
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
export { RULE_ORDER } from "./judging/reasons.ts";
export * from "./judging/rule-set.ts";
export * from "./judging/types.ts";
export * from "./merkle.ts";
export * from "./network/denial.ts";
export * from "./network/manifest.ts";
export { type MessageCodec, type MessageOpened, messageCodec } from "./network/message.ts";
export * from "./network/parameters-message.ts";
export * from "./network/registration.ts";
export * from "./packet/codec.ts";
export * from "./parameters.ts";
export * from "./parameters-check.ts";
export * from "./parameters-text.ts";
export * from "./radio/propagation.ts";
export * from "./readings-score.ts";
export * from "./registry.ts";
export * from "./registry-evidence.ts";
export * from "./rewards.ts";
export * from "./settlement.ts";
