/**
 * What packets are, how they are judged and what they earn: pure functions, no I/O. `hotspot.ts` is the part of it that a
 * hotspot needs.
 */

export {
  type Envelope,
  MAX_PACKET_BYTES,
  networkAad,
  openEnvelope,
  sealFields,
  signedBytes,
} from "./cose.ts";
export * from "./encoding/cbor.ts";
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
export { type GroupJudgement, judgeGroup } from "./judging/judge.ts";
export type { ProvenBeacon } from "./judging/proven-beacon.ts";
export { RULE_ORDER } from "./judging/reasons.ts";
export * from "./judging/rule-set.ts";
export * from "./judging/types.ts";
export * from "./merkle/merkle-tree.ts";
export * from "./network/denial.ts";
export * from "./network/manifest.ts";
export { type MessageCodec, type MessageOpened, messageCodec } from "./network/message.ts";
export * from "./network/parameters-message.ts";
export * from "./network/registration.ts";
export * from "./packet/codec.ts";
export * from "./parameters/parameters.ts";
export * from "./parameters/parameters-check.ts";
export * from "./parameters/parameters-text.ts";
export * from "./radio/propagation.ts";
export * from "./readings/score.ts";
export * from "./registry/registry.ts";
export * from "./registry/registry-evidence.ts";
export * from "./rewards/rewards.ts";
export * from "./rewards/settlement.ts";
