import { BEACON_FRAME_BYTES, decodeBeaconFrame } from "../beacon/frame.ts";
import { type LossCount, MAX_LOSS_NAME_BYTES, MAX_LOSSES } from "../losses.ts";
import {
  bytes,
  type Field,
  FieldFailure,
  flag,
  integer,
  list,
  nullable,
  oneOf,
  record,
  text,
} from "./fields.ts";
import {
  type Assertion,
  type BeaconPacket,
  type Gnss,
  INTEGRITY_FLAGS,
  type MachineSummary,
  type Packet,
  type PacketType,
  type Quantity,
  type RadioSummary,
  type ReadingPacket,
  type StatusPacket,
  type WitnessPacket,
} from "./packet.ts";

/** Year 2000 to 2100: a clock outside it is not set. */
export const timeMs = integer(946_684_800_000, 4_102_444_800_000);
export const uint32 = integer(0, 0xffff_ffff);
const uint8 = integer(0, 255);
const int48 = integer(-(2 ** 47), 2 ** 47);
const latE7 = integer(-900_000_000, 900_000_000);
const lonE7 = integer(-1_800_000_000, 1_800_000_000);

const radioSettings = {
  /** SX1261/62 and SX1301/02 tune from 137 to 1020 MHz; 2.4 GHz needs a wider field and a new version. */
  freqHz: integer(137_000_000, 1_020_000_000),
  spreadingFactor: integer(5, 12),
  bandwidthHz: oneOf([125_000, 250_000, 500_000]) as Field<number>,
};

const gnss = record<Gnss>({
  fixMode: oneOf([0, 1, 2, 3]),
  satellitesUsed: integer(0, 255),
  latE7: nullable(latE7),
  lonE7: nullable(lonE7),
  altitudeM: nullable(integer(-1000, 20_000)),
  horizontalErrorDm: nullable(integer(0, 65_535)),
  integrityFlags: integer(
    0,
    Object.values(INTEGRITY_FLAGS).reduce((sum, bit) => sum + bit, 0),
  ),
});

const beacon = record<Omit<BeaconPacket, "type">>({
  sequence: uint32,
  atMs: timeMs,
  entropyIndex: uint32,
  scheduleSignature: bytes(64),
  beaconSignature: bytes(64),
  ...radioSettings,
  powerDbm: integer(-40, 40),
  tmstUs: nullable(uint32),
  gnss: nullable(gnss),
});

/** Anything but a beacon on air is not a witness report, so the judge never meets one. */
const beaconFrame: Field<Uint8Array> = {
  write: (value) => value,
  read(value) {
    const frame = bytes(BEACON_FRAME_BYTES).read(value);
    if (frame instanceof FieldFailure) return frame;
    const isBeacon = decodeBeaconFrame(frame) !== undefined;
    return isBeacon
      ? frame
      : new FieldFailure("out_of_range", frame, "only frames that begin as a beacon does");
  },
};

const witness = record<Omit<WitnessPacket, "type">>({
  sequence: uint32,
  atMs: timeMs,
  frame: beaconFrame,
  ...radioSettings,
  rssiDbm: integer(-200, 50),
  snrDdb: integer(-400, 400),
  tmstUs: nullable(uint32),
  gnss: nullable(gnss),
});

/** In the order in which they travel. */
export const assertionFields = {
  latE7,
  lonE7,
  elevationM: integer(-500, 9000),
  antennaGainDdbi: integer(-100, 300),
  region: text(16),
  payee: nullable(bytes(20)),
};

export const assertion = record<Assertion>(assertionFields);

const radioSummary = record<RadioSummary>({
  rxOk: uint32,
  rxBad: uint32,
  transmitted: uint32,
  ackPermille: nullable(integer(0, 1000)),
  temperatureDc: nullable(integer(-1000, 2000)),
  channels: nullable(uint8),
  spreadingFactors: nullable(uint8),
});

const machine = record<MachineSummary>({
  cpuTemperatureDc: nullable(integer(-1000, 2000)),
  loadPermille: nullable(integer(0, 1_000_000)),
  diskUsedPermille: nullable(integer(0, 1000)),
  underVoltage: nullable(flag),
});

const loss = record<LossCount>({ reason: text(MAX_LOSS_NAME_BYTES), count: uint32 });

const status = record<Omit<StatusPacket, "type">>({
  sequence: uint32,
  atMs: timeMs,
  state: oneOf(["online", "offline"]),
  uptimeS: uint32,
  version: text(32),
  radio: nullable(radioSummary),
  gnss: nullable(gnss),
  outboxQueued: uint32,
  outboxDropped: uint32,
  assertion: nullable(assertion),
  machine: nullable(machine),
  losses: nullable(list(loss, MAX_LOSSES, 1)),
});

const quantity = record<Quantity>({
  name: text(32),
  exponent: integer(-12, 12),
  min: int48,
  mean: int48,
  max: int48,
  count: uint32,
});

const reading = record<Omit<ReadingPacket, "type">>({
  sequence: uint32,
  atMs: timeMs,
  source: text(32),
  periodMs: uint32,
  quantities: list(quantity, 16),
});

/** First element of every payload. 5 and above are the network's own messages (`network/`). */
export const PACKET_TYPE_NUMBERS: Record<PacketType, number> = {
  beacon: 1,
  witness: 2,
  status: 3,
  reading: 4,
};

type Body = { [T in PacketType]: Field<Omit<Extract<Packet, { type: T }>, "type">> };
export const PACKET_SHAPES: Body = { beacon, witness, status, reading };
