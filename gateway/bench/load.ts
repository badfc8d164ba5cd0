import {
  encodeBeaconFrame,
  encodePacket,
  hotspotId,
  NO_DETAILS,
  type PacketToSign,
  type PacketType,
  type ReceptionDetails,
  type Signer,
  sha256,
  signerFromSeed,
  u32,
  upTopic,
} from "@earshot/protocol";

export const NETWORK = "bench";
/** 2026-01-01, the time at which all happens. */
export const NOW_MS = Date.UTC(2026, 0, 1);
const ENTROPY_INDEX = NOW_MS / 60_000;

export interface SignedPacket {
  topic: string;
  bytes: Uint8Array;
  signer: Signer;
  sender: string;
}

export interface GatewayLoad {
  /** Taken in turn. */
  types: readonly PacketType[];
  packets: readonly SignedPacket[];
}

export interface BenchHotspot {
  signer: Signer;
  id: string;
}

export const makeHotspots = (count: number): BenchHotspot[] =>
  Array.from({ length: count }, (_, i) => {
    const signer = signerFromSeed(sha256(u32(i)));
    return { signer, id: hotspotId(signer.publicKey) };
  });

/** Packets of these hotspots in turn, all fields filled, none like another. */
export function makeLoad(of: {
  types: readonly PacketType[];
  hotspots: readonly BenchHotspot[];
  packets: number;
  firstSequence: number;
}): GatewayLoad {
  const packets = Array.from({ length: of.packets }, (_, i) => {
    const type = of.types[i % of.types.length] as PacketType;
    const { signer, id: sender } = of.hotspots[i % of.hotspots.length] as BenchHotspot;
    const bytes = encodePacket(packetOf(type, of.firstSequence + i), signer, NETWORK);
    return { topic: upTopic(NETWORK, sender, type), bytes, signer, sender };
  });
  return { types: of.types, packets };
}

const radio = { freqHz: 868_100_000, spreadingFactor: 12, bandwidthHz: 125_000 };
const gnss = {
  fixMode: 3,
  satellitesUsed: 14,
  latE7: 525_200_066,
  lonE7: 134_049_540,
  altitudeM: 38,
  horizontalErrorDm: 25,
  integrityFlags: 0,
} as const;

/** As an SX1302 tells them. */
const details: ReceptionDetails = {
  ...NO_DETAILS,
  ...{ freqOffsetHz: -1203, rssiKind: "signal", concentrator: new Uint8Array(8).fill(0xaa) },
};

function packetOf(type: PacketType, sequence: number): PacketToSign {
  const common = { sequence, atMs: NOW_MS };
  const digest = sha256(u32(sequence));
  const tmstUs = sequence * 1000;
  if (type === "witness") {
    const frame = encodeBeaconFrame({
      entropyIndex: ENTROPY_INDEX - (sequence % 10),
      shortId: digest.slice(0, 8),
      tag: digest.slice(16),
    });
    return { type, ...common, frame, ...radio, rssiDbm: -110, snrDdb: -75, tmstUs, gnss, ...details };
  }
  if (type === "beacon") {
    const revealed = { entropyIndex: ENTROPY_INDEX, value: digest };
    return { type, ...common, ...revealed, ...radio, powerDbm: 14, tmstUs, gnss };
  }
  if (type === "reading") {
    const quantity = { name: "satellites_used", exponent: 0, min: 11, mean: 13, max: 15, count: 600 };
    const quantities = [quantity, { ...quantity, name: "cn0_db_hz", exponent: -1 }];
    return { type, ...common, source: "gps", periodMs: 600_000, quantities };
  }
  const state = { state: "online", uptimeS: sequence, version: "0.1.0", gnss } as const;
  const hears = { ackPermille: 1000, temperatureDc: 412, channels: 8, spreadingFactors: 6 };
  const counts = { rxOk: 1, rxBad: 2, transmitted: 3, ...hears };
  const machine = { cpuTemperatureDc: 512, loadPermille: 140, diskUsedPermille: 380, underVoltage: false };
  return {
    ...{ type, ...common, ...state, radio: counts, machine },
    ...{ outboxQueued: 1, outboxDropped: 0, assertion: null, losses: null, keyHeld: "here", formats: null },
    commitments: null,
  };
}
