import fc from "fast-check";
import { encodeBeaconFrame } from "../beacon/frame.ts";
import { MAX_LOSS_NAME_BYTES, MAX_LOSSES } from "../losses.ts";
import { REGION_IDS } from "../radio/regions.ts";
import type {
  Assertion,
  BeaconPacket,
  Gnss,
  MachineSummary,
  Packet,
  PacketType,
  Quantity,
  RadioSummary,
  ReadingPacket,
  StatusPacket,
  WitnessPacket,
} from "./packet.ts";

/*
 * fast-check generators of valid packets: every field over its whole range, limits more often than chance would.
 */

const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const uint8 = fc.integer({ min: 0, max: 255 });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const atMs = fc.integer({ min: 946_684_800_000, max: 4_102_444_800_000 });
const int48 = fc.integer({ min: -(2 ** 47), max: 2 ** 47 });
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** At most `maxBytes` of UTF-8: a code point takes four at most. Control characters are not allowed. */
const textOf = (maxBytes: number) =>
  fc.oneof(
    fc.string({ unit: "grapheme-ascii", maxLength: maxBytes }),
    fc.string({ unit: "binary", maxLength: maxBytes / 4 }).map((text) => text.replaceAll(/\p{Cc}/gu, "·")),
  );

const latE7 = fc.integer({ min: -900_000_000, max: 900_000_000 });
const lonE7 = fc.integer({ min: -1_800_000_000, max: 1_800_000_000 });

const radioSettings = {
  freqHz: fc.integer({ min: 137_000_000, max: 1_020_000_000 }),
  spreadingFactor: fc.integer({ min: 5, max: 12 }),
  bandwidthHz: fc.constantFrom(125_000, 250_000, 500_000),
};

const gnss: fc.Arbitrary<Gnss> = fc.record({
  fixMode: fc.constantFrom<Gnss["fixMode"][]>(0, 1, 2, 3),
  satellitesUsed: fc.integer({ min: 0, max: 255 }),
  latE7: orNull(latE7),
  lonE7: orNull(lonE7),
  altitudeM: orNull(fc.integer({ min: -1000, max: 20_000 })),
  horizontalErrorDm: orNull(fc.integer({ min: 0, max: 65_535 })),
  integrityFlags: fc.integer({ min: 0, max: 31 }),
});

const assertion: fc.Arbitrary<Assertion> = fc.record({
  latE7,
  lonE7,
  elevationM: fc.integer({ min: -500, max: 9000 }),
  antennaGainDdbi: fc.integer({ min: -100, max: 300 }),
  region: fc.oneof(fc.constantFrom(...REGION_IDS), textOf(16)),
  payee: orNull(bytesOf(20)),
});

const radioSummary: fc.Arbitrary<RadioSummary> = fc.record({
  rxOk: uint32,
  rxBad: uint32,
  transmitted: uint32,
  ackPermille: orNull(fc.integer({ min: 0, max: 1000 })),
  temperatureDc: orNull(fc.integer({ min: -1000, max: 2000 })),
  channels: orNull(uint8),
  spreadingFactors: orNull(uint8),
});

const machine: fc.Arbitrary<MachineSummary> = fc.record({
  cpuTemperatureDc: orNull(fc.integer({ min: -1000, max: 2000 })),
  loadPermille: orNull(fc.integer({ min: 0, max: 1_000_000 })),
  diskUsedPermille: orNull(fc.integer({ min: 0, max: 1000 })),
  underVoltage: orNull(fc.boolean()),
});

const quantity: fc.Arbitrary<Quantity> = fc.record({
  name: textOf(32),
  exponent: fc.integer({ min: -12, max: 12 }),
  min: int48,
  mean: int48,
  max: int48,
  count: uint32,
});

export const beaconPacket: fc.Arbitrary<BeaconPacket> = fc.record({
  type: fc.constant("beacon"),
  sequence: uint32,
  atMs,
  entropyIndex: uint32,
  scheduleSignature: bytesOf(64),
  beaconSignature: bytesOf(64),
  ...radioSettings,
  powerDbm: fc.integer({ min: -40, max: 40 }),
  tmstUs: orNull(uint32),
  gnss: orNull(gnss),
});

export const witnessPacket: fc.Arbitrary<WitnessPacket> = fc.record({
  type: fc.constant("witness"),
  sequence: uint32,
  atMs,
  frame: fc
    .record({ entropyIndex: uint32, shortId: bytesOf(8), tag: bytesOf(16) })
    .map((frame) => encodeBeaconFrame(frame)),
  ...radioSettings,
  rssiDbm: fc.integer({ min: -200, max: 50 }),
  snrDdb: fc.integer({ min: -400, max: 400 }),
  tmstUs: orNull(uint32),
  gnss: orNull(gnss),
});

export const statusPacket: fc.Arbitrary<StatusPacket> = fc.record({
  type: fc.constant("status"),
  sequence: uint32,
  atMs,
  state: fc.constantFrom("online", "offline"),
  uptimeS: uint32,
  version: textOf(32),
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
});

/** Up to 12 quantities: more of the longest kind do not fit the 1 KiB of a packet. */
export const readingPacket: fc.Arbitrary<ReadingPacket> = fc.record({
  type: fc.constant("reading"),
  sequence: uint32,
  atMs,
  source: textOf(32),
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
