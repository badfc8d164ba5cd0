import { MAX_FORMATS } from "./formats.ts";
import { MAX_LOSS_NAME_BYTES, MAX_LOSSES } from "./losses.ts";
import type { Packet, PacketType } from "./packet.ts";

/** Fixed packets of each type, for tests of sizes, limits and descriptions. */
type Samples = { readonly [T in PacketType]: Extract<Packet, { type: T }> };

const radioSettings = { freqHz: 868_100_000, spreadingFactor: 12, bandwidthHz: 125_000 };
const gnss = {
  fixMode: 3,
  satellitesUsed: 11,
  latE7: 535_511_000,
  lonE7: 99_937_000,
  altitudeM: 24,
  horizontalErrorDm: 31,
  integrityFlags: 0,
} as const;

/** As a hotspot in Hamburg sends them, every optional part present. */
export const typicalPackets: Samples = {
  beacon: {
    type: "beacon",
    sequence: 70_001,
    atMs: 1_780_531_247_123,
    entropyIndex: 29_675_520,
    value: new Uint8Array(32).fill(0x11),
    ...radioSettings,
    powerDbm: 14,
    tmstUs: 3_512_348_611,
    gnss,
  },
  witness: {
    type: "witness",
    sequence: 70_002,
    atMs: 1_780_531_247_456,
    entropyIndex: 29_675_520,
    shortId: new Uint8Array(8).fill(0x51),
    claim: new Uint8Array(16).fill(0x7a),
    ...radioSettings,
    rssiDbm: -112,
    snrDdb: -75,
    tmstUs: 3_512_348_611,
    gnss,
    freqOffsetHz: -1203,
    rssiKind: "signal",
    fineTimeNs: 123_456_789,
    fineTimeEncrypted: false,
    concentrator: Uint8Array.fromHex("aa555a0000000001"),
    antenna: 0,
  },
  status: {
    type: "status",
    sequence: 70_003,
    atMs: 1_780_531_260_000,
    state: "online",
    uptimeS: 864_012,
    version: "0.1.0",
    radio: {
      rxOk: 81_234,
      rxBad: 512,
      transmitted: 211,
      ackPermille: 998,
      temperatureDc: 415,
      channels: 8,
      spreadingFactors: 6,
    },
    gnss,
    outboxQueued: 3,
    outboxDropped: 0,
    assertion: {
      latE7: 535_511_000,
      lonE7: 99_937_000,
      elevationM: 24,
      antennaGainDdbi: 58,
      region: "EU868",
      payee: new Uint8Array(20).fill(0x33),
    },
    machine: { cpuTemperatureDc: 512, loadPermille: 140, diskUsedPermille: 380, underVoltage: false },
    losses: [{ reason: "frame_stale", count: 4 }],
    keyHeld: "here",
    formats: [1, 1, 1, 1, 1, 1, 1, 1],
    commitments: [644, 645].map((chain) => ({ chain, head: new Uint8Array(32).fill(chain % 256) })),
  },
  reading: {
    type: "reading",
    sequence: 70_004,
    atMs: 1_780_531_260_000,
    source: "gps",
    periodMs: 60_000,
    quantities: [
      { name: "satellites_used", exponent: 0, min: 9, mean: 11, max: 12, count: 60 },
      { name: "cn0_db_hz", exponent: -1, min: 312, mean: 401, max: 478, count: 660 },
    ],
  },
};

const longestGnss = {
  fixMode: 3,
  satellitesUsed: 255,
  latE7: -899_999_999,
  lonE7: -1_799_999_999,
  altitudeM: -1000,
  horizontalErrorDm: 65_535,
  integrityFlags: 31,
} as const;
const longestSettings = { freqHz: 1_020_000_000, spreadingFactor: 12, bandwidthHz: 500_000 };

/** Every field at a value of the longest encoding. A reading can be as long as a packet may be: 1 KiB. */
export const longestPackets: Omit<Samples, "reading"> = {
  beacon: {
    ...typicalPackets.beacon,
    sequence: 0xffff_ffff,
    entropyIndex: 0xffff_ffff,
    ...longestSettings,
    powerDbm: 40,
    tmstUs: 0xffff_ffff,
    gnss: longestGnss,
  },
  witness: {
    ...typicalPackets.witness,
    sequence: 0xffff_ffff,
    entropyIndex: 0xffff_ffff,
    ...longestSettings,
    rssiDbm: -200,
    snrDdb: -400,
    tmstUs: 0xffff_ffff,
    gnss: longestGnss,
    freqOffsetHz: -1_000_000,
    fineTimeNs: 999_999_999,
    antenna: 255,
  },
  status: {
    type: "status",
    sequence: 0xffff_ffff,
    atMs: 1_780_531_260_000,
    state: "offline",
    uptimeS: 0xffff_ffff,
    version: "v".repeat(32),
    radio: {
      rxOk: 0xffff_ffff,
      rxBad: 0xffff_ffff,
      transmitted: 0xffff_ffff,
      ackPermille: 1000,
      temperatureDc: -1000,
      channels: 255,
      spreadingFactors: 255,
    },
    gnss: longestGnss,
    outboxQueued: 0xffff_ffff,
    outboxDropped: 0xffff_ffff,
    assertion: {
      latE7: -899_999_999,
      lonE7: -1_799_999_999,
      elevationM: 9000,
      antennaGainDdbi: 300,
      region: "R".repeat(16),
      payee: new Uint8Array(20).fill(0xff),
    },
    machine: {
      cpuTemperatureDc: -1000,
      loadPermille: 1_000_000,
      diskUsedPermille: 1000,
      underVoltage: true,
    },
    losses: Array.from({ length: MAX_LOSSES }, (_, i) => ({
      reason: String.fromCharCode(97 + i).repeat(MAX_LOSS_NAME_BYTES),
      count: 0xffff_ffff,
    })),
    keyHeld: "elsewhere",
    formats: new Array(MAX_FORMATS).fill(255),
    commitments: [0xffff_fffe, 0xffff_ffff].map((chain) => ({ chain, head: new Uint8Array(32).fill(0x44) })),
  },
};
