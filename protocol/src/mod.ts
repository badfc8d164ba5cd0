/**
 * What packets are, how they are judged and what they earn: pure functions, no I/O. `hotspot.ts` is the part of it that a
 * hotspot needs.
 */
export { type Envelope, MAX_PACKET_BYTES, networkAad, signedBytes } from "./cose.ts";
export * from "./hotspot.ts";
export {
  CONTACT_KINDS,
  type Contact,
  type ContactKind,
  type LatestContacts,
  laterContacts,
  NO_CONTACTS,
} from "./judging/contacts.ts";
export { denialsWithSuccessors } from "./judging/denied-successors.ts";
export { addEdges, type EdgeEvidence, edgeLevel, edgesOfEpoch } from "./judging/edges.ts";
export type { EpochJudgement } from "./judging/epoch.ts";
export type { EpochInputs } from "./judging/epoch-context.ts";
export {
  groupReports,
  isBeacon,
  isReport,
  isTimely,
  packetBeaconKey,
  reportIndexAndKey,
} from "./judging/group.ts";
export { judgeGroup } from "./judging/judge.ts";
export type { ProvenBeacon } from "./judging/proven-beacon.ts";
export type { RuleLists } from "./judging/rule-lists.ts";
export {
  type JudgingContext,
  type ReceivedPacket,
  type ReceivedReport,
  type ReportTimes,
  receivedPacket,
  type Verdict,
} from "./judging/types.ts";
export type { Leaf } from "./merkle/leaf.ts";
export { buildTree, leafHash, type MerkleTree, verifyProof } from "./merkle/merkle-tree.ts";
export { type Denial, denialMessage, denialSubject, denialsInForce, edgeSubject } from "./network/denial.ts";
export { type IndexRoot, indexRootMessage, packetsRoot } from "./network/index-root.ts";
export { isKeyChange, keyChangeSigner } from "./network/key-change.ts";
export {
  type Manifest,
  type ManifestCounts,
  type ManifestFile,
  manifestMessage,
} from "./network/manifest.ts";
export { NETWORK_FORMATS } from "./network/network-formats.ts";
export { parametersMessage } from "./network/parameters-message.ts";
export {
  type Evidence,
  type Registration,
  readEvidence,
  registrationMessage,
} from "./network/registration.ts";
export { type DecodedPacket, type PacketDecoded, readPacket, verifyPacket } from "./packet/codec.ts";
export { KEY_PLACES, RSSI_KINDS } from "./packet/packet.ts";
export {
  DEFAULT_PARAMETERS,
  FIXED_PARAMETERS,
  type NetworkParameters,
  PARAMETER_RANGES,
  type ParameterRange,
  type ParametersDocument,
  type RegionRule,
  WHOLE_PARAMETERS,
  type WholeParameter,
} from "./parameters/parameters.ts";
export { parametersInForce, parametersProblem, successionProblem } from "./parameters/parameters-check.ts";
export { formatParameters, parametersHash, parseParameters } from "./parameters/parameters-document.ts";
export { demodulationFloorSnrDb, freeSpaceLossDb, thermalNoiseDbm } from "./radio/propagation.ts";
export { type FaultCount, isPlausible, type QuantityScore, scoreQuantity } from "./readings/score.ts";
export {
  type AnnouncedCommitments,
  chainAtMs,
  commitmentProblem,
  firstChainOf,
  readCommitments,
} from "./registry/commitment-evidence.ts";
export {
  isKeyCopied,
  keyCopySigns,
  type NumberedPacket,
  SAME_START_MS,
} from "./registry/key-copies.ts";
export {
  type AcceptedCommitment,
  ASSERTED_CHANGE,
  type ChangeRecord,
  cellOf,
  chainOfRecord,
  changedHotspot,
  commitmentRecord,
  type Hotspot,
  headOf,
  type RegistryChange,
  registryChangeHash,
  retiredHotspot,
  succeedingHotspot,
} from "./registry/registry.ts";
export {
  type EvidenceProblem,
  evidenceProblem,
  keyChangeProblem,
  MAX_EVIDENCE_AGE_MS,
  type OwnerAssertion,
  ownerAssertionAfter,
  retiredProblem,
  succeededAssertion,
  waitingProblem,
} from "./registry/registry-evidence.ts";
export { type Settlement, settleEpoch } from "./rewards/settlement.ts";
export {
  type ChosenRules,
  chosenRules,
  earshot1,
  type LiveRuleSet,
  liveRuleSet,
  liveRuleSets,
  RULE_SETS,
  type RuleSet,
} from "./rules/rule-sets.ts";
