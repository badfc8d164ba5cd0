/**
 * What a hotspot needs of the protocol: packets, beacons, messages, radio. A part of `mod.ts` without judging, registry
 * and money, whose libraries (H3 above all) cost a small computer memory.
 */
export {
  BeaconChains,
  CHAIN_WINDOWS,
  ChainChecker,
  type Commitment,
  chainOf,
  earlierValue,
} from "./beacon/chain.ts";
export { type BeaconSecret, type DerivedBeacon, deriveBeacon, scheduledIndex } from "./beacon/derive.ts";
export {
  BEACON_FRAME_BYTES,
  type BeaconFrame,
  beaconKey,
  decodeBeaconFrame,
  encodeBeaconFrame,
  witnessClaim,
} from "./beacon/frame.ts";
export { openEnvelope } from "./cose.ts";
export { didKey, hotspotId, hotspotName, publicKeyOf, shortId } from "./crypto/did-key.ts";
export {
  importKey,
  isAdmissibleKey,
  type Signer,
  signerFromSeed,
  type VerifyingKey,
  verifyEd25519,
} from "./crypto/ed25519.ts";
export { formatEvmAddress, parseEvmAddress } from "./crypto/evm-address.ts";
export { sha256 } from "./crypto/sha256.ts";
export {
  DRAND_KEY_BYTES,
  DRAND_SIGNATURE_BYTES,
  type DrandChain,
  drandEntropy,
  drandRoundAt,
  drandRoundTimeMs,
  QUICKNET,
} from "./drand/chain.ts";
export { compareBytes, concatBytes, equalBytes, fromHex, readU32, u32, u64, utf8 } from "./encoding/bytes.ts";
export { type CborValue, decodeCbor, encodeCbor } from "./encoding/cbor.ts";
export { explainVerdict, RATE_LIMITED } from "./judging/reasons.ts";
export { type Log, type LogLevel, logTo, silentLog } from "./log.ts";
export { distanceM, EARTH_RADIUS_M, isPosition, MAX_LAT_E7, MAX_LON_E7, type Position } from "./math/geo.ts";
export {
  detectNonMqtt,
  isBrokerUrl,
  MQTT_PORT,
  type MqttVersion,
  MqttVersions,
  type NonMqttReply,
  shownValue,
} from "./mqtt/broker.ts";
export {
  allUpFilter,
  downFilter,
  downTopic,
  entropyTopic,
  keysTopic,
  parseUpTopic,
  upTopic,
} from "./mqtt/topics.ts";
export { CONTRADICTIONS, type Contradiction, contradictionOf } from "./network/contradiction.ts";
export {
  type AnnouncedState,
  DRAND,
  deadlinesOf,
  type Entropy,
  type EntropyProof,
  entropyCounts,
  entropyHash,
  entropyMessage,
} from "./network/entropy.ts";
export { HOTSPOT_FORMATS } from "./network/hotspot-formats.ts";
export { type KeyChange, openKeyChange, sealRevocation, sealRotation } from "./network/key-change.ts";
export {
  type KeyDocument,
  keyDocumentMessage,
  keysProblem,
  MAX_ROLE_KEYS,
  type RoleKey,
} from "./network/key-document.ts";
export {
  describeKey,
  type KeysAnswer,
  type KeysRefusal,
  NetworkKeys,
  type SignedKeyDocument,
} from "./network/keys.ts";
export {
  checkLoginToken,
  LOGIN_CLOCK_SKEW_MS,
  LOGIN_TOKEN_LIFETIME_MS,
  type LoginRefusal,
  makeLoginToken,
} from "./network/login-token.ts";
export {
  KEY_ROLES,
  type KeyRole,
  MAX_MESSAGE_BYTES,
  type MessageRefusal,
  type RoleSigners,
  type Signatories,
  type SignerRefusal,
} from "./network/message.ts";
export {
  type CommitmentNotice,
  type KeyCopySigns,
  type LowestVersions,
  MAX_RECEIPT_COMMITMENTS,
  MAX_RECEIPT_PACKETS,
  MAX_RECEIPT_RANGES,
  type Receipt,
  receiptMessage,
  type SequenceRange,
  type StoredPacketNotice,
} from "./network/receipt.ts";
export {
  MAX_VERDICTS_PER_MESSAGE,
  type Measurement,
  OUTCOMES,
  type Outcome,
  type VerdictNotice,
  verdictMessage,
} from "./network/verdict-message.ts";
export { decodePacket, encodePacket, PacketFieldError } from "./packet/codec.ts";
export { type Formats, formatsOf } from "./packet/formats.ts";
export {
  BANDWIDTHS_HZ,
  clampTo,
  isWithin,
  MAX_QUANTITIES,
  MAX_TEXT_BYTES,
  PACKET_LIMITS,
  type Range,
  roundWithin,
} from "./packet/limits.ts";
export { explainLoss, LOSS_REASONS, type LossCount, type LossReason, lossList } from "./packet/losses.ts";
export {
  type Assertion,
  type BeaconPacket,
  type Gnss,
  type HeardWitness,
  INTEGRITY_FLAGS,
  type IntegrityFlag,
  type KeyPlace,
  type MachineSummary,
  NO_DETAILS,
  type Packet,
  type PacketToSign,
  type PacketType,
  type Quantity,
  type RadioSummary,
  type ReadingPacket,
  type ReceptionDetails,
  type RssiKind,
  type StatusPacket,
  type WitnessPacket,
} from "./packet/packet.ts";
export { PACKET_FORMATS, PACKET_TYPE_NUMBERS, PACKET_VERSIONS } from "./packet/shapes.ts";
export { isNetworkName } from "./parameters/parameters.ts";
export { airtimeMs, type LoraDataRate } from "./radio/airtime.ts";
export {
  dutyCycleBand,
  dutyCycleWaitMs,
  isRegionId,
  REGION_IDS,
  REGIONS,
  type Region,
  type RegionId,
} from "./radio/regions.ts";
export { QUANTITIES, type QuantityFacts, quantityFacts } from "./readings/quantities.ts";
export {
  type Clock,
  type ClockReading,
  EARLIEST_PLAUSIBLE_MS,
  type Random,
  readClock,
  toWallTime,
} from "./time/clock.ts";
export {
  deadlineMs,
  drawIndex,
  entropyTimeMs,
  epochAtMs,
  epochIndexes,
  epochOf,
  epochSpanMs,
  reportDeadlineMs,
  revealDeadlineMs,
  windowOf,
} from "./time/schedule.ts";
