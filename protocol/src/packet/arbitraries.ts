import fc from "fast-check";
import { REGION_IDS } from "../radio/regions.ts";
import { MAX_FORMATS } from "./formats.ts";
import {
  BANDWIDTHS_HZ,
  MAX_COMMITMENTS,
  MAX_CONCENTRATOR_BYTES,
  MAX_TEXT_BYTES,
  PACKET_LIMITS,
  type Range,
} from "./limits.ts";
import { MAX_LOSS_NAME_BYTES, MAX_LOSSES } from "./losses.ts";
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

/*
 * fast-check generators of valid packets: every field over its whole range, limits more often than chance would.
 */

const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const within = ([min, max]: Range) => fc.integer({ min, max });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const atMs = within(PACKET_LIMITS.timeMs);
const digits = within(PACKET_LIMITS.digits);
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** At most `maxBytes` of UTF-8: a code point takes four at most. Control characters are not allowed. */
const textOf = (maxBytes: number) =>
  fc.oneof(
    fc.string({ unit: "grapheme-ascii", maxLength: maxBytes }),
    fc.string({ unit: "binary", maxLength: maxBytes / 4 }).map((text) => text.replaceAll(/\p{Cc}/gu, "·")),
  );

const latE7 = within(PACKET_LIMITS.latE7);
const lonE7 = within(PACKET_LIMITS.lonE7);

const radioSettings = {
  freqHz: within(PACKET_LIMITS.freqHz),
  spreadingFactor: within(PACKET_LIMITS.spreadingFactor),
  bandwidthHz: fc.constantFrom(...BANDWIDTHS_HZ),
};

const gnss: fc.Arbitrary<Gnss> = fc.record({
  fixMode: fc.constantFrom<Gnss["fixMode"][]>(0, 1, 2, 3),
  satellitesUsed: within(PACKET_LIMITS.satellitesUsed),
  latE7: orNull(latE7),
  lonE7: orNull(lonE7),
  altitudeM: orNull(within(PACKET_LIMITS.altitudeM)),
  horizontalErrorDm: orNull(within(PACKET_LIMITS.horizontalErrorDm)),
  integrityFlags: within(PACKET_LIMITS.integrityFlags),
});

const assertion: fc.Arbitrary<Assertion> = fc.record({
  latE7,
  lonE7,
  elevationM: within(PACKET_LIMITS.elevationM),
  antennaGainDdbi: within(PACKET_LIMITS.antennaGainDdbi),
  region: fc.oneof(fc.constantFrom(...REGION_IDS), textOf(MAX_TEXT_BYTES.region)),
  payee: orNull(bytesOf(20)),
});

const radioSummary: fc.Arbitrary<RadioSummary> = fc.record({
  rxOk: uint32,
  rxBad: uint32,
  transmitted: uint32,
  ackPermille: orNull(within(PACKET_LIMITS.ackPermille)),
  temperatureDc: orNull(within(PACKET_LIMITS.temperatureDc)),
  channels: orNull(within(PACKET_LIMITS.channels)),
  spreadingFactors: orNull(within(PACKET_LIMITS.spreadingFactors)),
});

const machine: fc.Arbitrary<MachineSummary> = fc.record({
  cpuTemperatureDc: orNull(within(PACKET_LIMITS.cpuTemperatureDc)),
  loadPermille: orNull(within(PACKET_LIMITS.loadPermille)),
  diskUsedPermille: orNull(within(PACKET_LIMITS.diskUsedPermille)),
  underVoltage: orNull(fc.boolean()),
});

const quantity: fc.Arbitrary<Quantity> = fc.record({
  name: textOf(MAX_TEXT_BYTES.quantity),
  exponent: within(PACKET_LIMITS.exponent),
  min: digits,
  mean: digits,
  max: digits,
  count: uint32,
});

const beaconPacket: fc.Arbitrary<BeaconPacket> = fc.record({
  type: fc.constant("beacon"),
  sequence: uint32,
  atMs,
  entropyIndex: uint32,
  value: bytesOf(32),
  ...radioSettings,
  powerDbm: within(PACKET_LIMITS.powerDbm),
  tmstUs: orNull(uint32),
  gnss: orNull(gnss),
});

const witnessPacket: fc.Arbitrary<WitnessPacket> = fc.record({
  type: fc.constant("witness"),
  sequence: uint32,
  atMs,
  entropyIndex: uint32,
  shortId: bytesOf(8),
  claim: bytesOf(16),
  ...radioSettings,
  rssiDbm: within(PACKET_LIMITS.rssiDbm),
  snrDdb: within(PACKET_LIMITS.snrDdb),
  tmstUs: orNull(uint32),
  gnss: orNull(gnss),
  freqOffsetHz: orNull(within(PACKET_LIMITS.freqOffsetHz)),
  rssiKind: orNull(fc.constantFrom(...RSSI_KINDS)),
  fineTimeNs: orNull(within(PACKET_LIMITS.fineTimeNs)),
  fineTimeEncrypted: orNull(fc.boolean()),
  concentrator: orNull(fc.uint8Array({ minLength: 1, maxLength: MAX_CONCENTRATOR_BYTES })),
  antenna: orNull(within(PACKET_LIMITS.antenna)),
});

const statusPacket: fc.Arbitrary<StatusPacket> = fc.record({
  type: fc.constant("status"),
  sequence: uint32,
  atMs,
  state: fc.constantFrom("online", "offline"),
  uptimeS: uint32,
  version: textOf(MAX_TEXT_BYTES.version),
  radio: orNull(radioSummary),
  gnss: orNull(gnss),
  outboxQueued: uint32,
  outboxDropped: uint32,
  assertion: orNull(assertion),
  machine: orNull(machine),
  losses: orNull(
    fc.array(fc.record({ reason: textOf(MAX_LOSS_NAME_BYTES), count: uint32 }), {
      minLength: 1,
      maxLength: MAX_LOSSES,
    }),
  ),
  keyHeld: orNull(fc.constantFrom(...KEY_PLACES)),
  formats: orNull(fc.array(fc.nat(255), { maxLength: MAX_FORMATS })),
  commitments: orNull(
    fc.array(fc.record({ chain: uint32, head: bytesOf(32) }), { minLength: 1, maxLength: MAX_COMMITMENTS }),
  ),
});

/** Up to 12 quantities: more of the longest kind do not fit the 1 KiB of a packet. */
const readingPacket: fc.Arbitrary<ReadingPacket> = fc.record({
  type: fc.constant("reading"),
  sequence: uint32,
  atMs,
  source: textOf(MAX_TEXT_BYTES.source),
  periodMs: uint32,
  quantities: fc.array(quantity, { maxLength: 12 }),
});

export const anyPacket: fc.Arbitrary<Packet> = fc.oneof(
  beaconPacket,
  witnessPacket,
  statusPacket,
  readingPacket,
);

export const packetsOfType: { [T in PacketType]: fc.Arbitrary<Extract<Packet, { type: T }>> } = {
  beacon: beaconPacket,
  witness: witnessPacket,
  status: statusPacket,
  reading: readingPacket,
};
