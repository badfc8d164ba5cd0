import { type Commitment, VALUE_BYTES } from "../beacon/chain.ts";
import { CLAIM_BYTES } from "../beacon/frame.ts";
import { bytes, type Field, flag, integer, list, nullable, oneOf, record, text } from "./fields.ts";
import { formatsField } from "./formats.ts";
import {
  BANDWIDTHS_HZ,
  MAX_COMMITMENTS,
  MAX_CONCENTRATOR_BYTES,
  MAX_QUANTITIES,
  MAX_TEXT_BYTES,
  PACKET_LIMITS,
} from "./limits.ts";
import { type LossCount, MAX_LOSS_NAME_BYTES, MAX_LOSSES } from "./losses.ts";
import {
  type Assertion,
  type BeaconPacket,
  type Gnss,
  KEY_PLACES,
  type MachineSummary,
  type Packet,
  type PacketType,
  type Quantity,
  type RadioSummary,
  type ReadingPacket,
  RSSI_KINDS,
  type StatusPacket,
  type WitnessPacket,
} from "./packet.ts";

const number = (name: keyof typeof PACKET_LIMITS) => {
  const [min, max] = PACKET_LIMITS[name];
  return integer(min, max);
};
export const timeMs = number("timeMs");
export const uint32 = integer(0, 0xffff_ffff);
const digits = number("digits");
const latE7 = number("latE7");
const lonE7 = number("lonE7");

const radioSettings = {
  freqHz: number("freqHz"),
  spreadingFactor: number("spreadingFactor"),
  bandwidthHz: oneOf(BANDWIDTHS_HZ) as Field<number>,
};

const gnss = record<Gnss>({
  fixMode: oneOf([0, 1, 2, 3]),
  satellitesUsed: number("satellitesUsed"),
  latE7: nullable(latE7),
  lonE7: nullable(lonE7),
  altitudeM: nullable(number("altitudeM")),
  horizontalErrorDm: nullable(number("horizontalErrorDm")),
  integrityFlags: number("integrityFlags"),
});

const beacon = record<Omit<BeaconPacket, "type">>({
  sequence: uint32,
  atMs: timeMs,
  entropyIndex: uint32,
  value: bytes(VALUE_BYTES),
  ...radioSettings,
  powerDbm: number("powerDbm"),
  tmstUs: nullable(number("tmstUs")),
  gnss: nullable(gnss),
});

/** In the order in which they are encoded. */
const receptionDetails = {
  freqOffsetHz: nullable(number("freqOffsetHz")),
  rssiKind: nullable(oneOf(RSSI_KINDS)),
  fineTimeNs: nullable(number("fineTimeNs")),
  fineTimeEncrypted: nullable(flag),
  concentrator: nullable(bytes(1, MAX_CONCENTRATOR_BYTES)),
  antenna: nullable(number("antenna")),
};

const witness = record<Omit<WitnessPacket, "type">>({
  sequence: uint32,
  atMs: timeMs,
  entropyIndex: uint32,
  shortId: bytes(8),
  claim: bytes(CLAIM_BYTES),
  ...radioSettings,
  rssiDbm: number("rssiDbm"),
  snrDdb: number("snrDdb"),
  tmstUs: nullable(number("tmstUs")),
  gnss: nullable(gnss),
  ...receptionDetails,
});

/** In the order in which they are encoded. */
export const assertionFields = {
  latE7,
  lonE7,
  elevationM: number("elevationM"),
  antennaGainDdbi: number("antennaGainDdbi"),
  region: text(MAX_TEXT_BYTES.region),
  payee: nullable(bytes(20)),
};

const assertion = record<Assertion>(assertionFields);

const radioSummary = record<RadioSummary>({
  rxOk: uint32,
  rxBad: uint32,
  transmitted: uint32,
  ackPermille: nullable(number("ackPermille")),
  temperatureDc: nullable(number("temperatureDc")),
  channels: nullable(number("channels")),
  spreadingFactors: nullable(number("spreadingFactors")),
});

const machine = record<MachineSummary>({
  cpuTemperatureDc: nullable(number("cpuTemperatureDc")),
  loadPermille: nullable(number("loadPermille")),
  diskUsedPermille: nullable(number("diskUsedPermille")),
  underVoltage: nullable(flag),
});

const loss = record<LossCount>({ reason: text(MAX_LOSS_NAME_BYTES), count: uint32 });

const commitment = record<Commitment>({ chain: uint32, head: bytes(VALUE_BYTES) });

const status = record<Omit<StatusPacket, "type">>({
  sequence: uint32,
  atMs: timeMs,
  state: oneOf(["online", "offline"]),
  uptimeS: uint32,
  version: text(MAX_TEXT_BYTES.version),
  radio: nullable(radioSummary),
  gnss: nullable(gnss),
  outboxQueued: uint32,
  outboxDropped: uint32,
  assertion: nullable(assertion),
  machine: nullable(machine),
  losses: nullable(list(loss, MAX_LOSSES, 1)),
  keyHeld: nullable(oneOf(KEY_PLACES)),
  formats: nullable(formatsField),
  commitments: nullable(list(commitment, MAX_COMMITMENTS, 1)),
});

const quantity = record<Quantity>({
  name: text(MAX_TEXT_BYTES.quantity),
  exponent: number("exponent"),
  min: digits,
  mean: digits,
  max: digits,
  count: number("count"),
});

const reading = record<Omit<ReadingPacket, "type">>({
  sequence: uint32,
  atMs: timeMs,
  source: text(MAX_TEXT_BYTES.source),
  periodMs: uint32,
  quantities: list(quantity, MAX_QUANTITIES),
});

/** First element of every payload. 5 and above are the messages of `network/`. */
export const PACKET_TYPE_NUMBERS: Record<PacketType, number> = {
  beacon: 1,
  witness: 2,
  status: 3,
  reading: 4,
};

/** Raised whenever fields are appended to a type, or to what lies in it. */
export const PACKET_VERSIONS: Record<PacketType, number> = { beacon: 1, witness: 1, status: 1, reading: 1 };

type Body = { [T in PacketType]: Field<Omit<Extract<Packet, { type: T }>, "type">> };
export const PACKET_SHAPES: Body = { beacon, witness, status, reading };

/** Of each packet, its type number and version. */
export const PACKET_FORMATS = (Object.keys(PACKET_TYPE_NUMBERS) as PacketType[]).map((type) => ({
  typeNumber: PACKET_TYPE_NUMBERS[type],
  version: PACKET_VERSIONS[type],
}));
