import type { Commitment } from "../beacon/chain.ts";
import type { Formats } from "./formats.ts";
import type { LossCount } from "./losses.ts";

/**
 * The four packets that a hotspot signs. Times are ms since the Unix epoch (UTC), positions 1e-7 degrees (WGS 84),
 * `Ddb` is tenths of a decibel. `earshot.cddl` gives the same on the wire.
 */
interface Numbered {
  /**
   * Counts all packets of a hotspot from 1, so that a loss is visible as a gap. A power cut leaves out a few as well.
   * 0 only in the offline status that the broker sends as last will.
   */
  sequence: number;
}

/** Bits of `Gnss.integrityFlags`: what makes a receiver's data doubtful. The only list of them; several may be set at once. */
export const INTEGRITY_FLAGS = { antenna: 1, jamming: 2, spoofing: 4, jump: 8, clockStep: 16 } as const;
export type IntegrityFlag = keyof typeof INTEGRITY_FLAGS;

/** What the GNSS receiver reports; null is unknown. */
export interface Gnss {
  fixMode: 0 | 1 | 2 | 3;
  satellitesUsed: number;
  latE7: number | null;
  lonE7: number | null;
  /** Above mean sea level. */
  altitudeM: number | null;
  horizontalErrorDm: number | null;
  /** `INTEGRITY_FLAGS`, added up. */
  integrityFlags: number;
}

/** "I sent this beacon": reveals the hotspot's value, from which anybody can derive period, frame, channel and data rate. */
export interface BeaconPacket extends Numbered {
  type: "beacon";
  /** When the frame was sent. */
  atMs: number;
  /** Number of the entropy period whose entropy the beacon was made from. */
  entropyIndex: number;
  /** Of the hotspot's chain, for the window (`beacon/chain.ts`); 32 bytes. */
  value: Uint8Array;
  freqHz: number;
  spreadingFactor: number;
  bandwidthHz: number;
  /** Conducted power that the radio confirmed. */
  powerDbm: number;
  /** Concentrator counter, µs, wraps at 2^32. */
  tmstUs: number | null;
  gnss: Gnss | null;
}

/** What `rssiDbm` is of: everything in the channel, noise included, or the frame alone. */
export const RSSI_KINDS = ["channel", "signal"] as const;
export type RssiKind = (typeof RSSI_KINDS)[number];

/** What a radio may tell of a frame beside its level; null where it does not. No rule asks for it yet. */
export interface ReceptionDetails {
  /** The frame's carrier less that of this radio, as the demodulator measured it. */
  freqOffsetHz: number | null;
  rssiKind: RssiKind | null;
  /** Of the reception, within its second, from a GNSS receiver's pulse. */
  fineTimeNs: number | null;
  /** False beside `fineTimeNs`; true where the radio took one and encrypted it, so that it is not known here. */
  fineTimeEncrypted: boolean | null;
  /** EUI of the concentrator that heard it, 8 bytes. */
  concentrator: Uint8Array | null;
  /** Its own number of the antenna that `rssiDbm` is of. */
  antenna: number | null;
}

/** Of a radio that tells nothing more. */
export const NO_DETAILS: ReceptionDetails = {
  ...{ freqOffsetHz: null, rssiKind: null, fineTimeNs: null, fineTimeEncrypted: null },
  ...{ concentrator: null, antenna: null },
};

/** "I heard a frame, at this level": which one is shown by a hash until the beaconer has revealed it. */
export interface WitnessPacket extends Numbered, ReceptionDetails {
  type: "witness";
  atMs: number;
  /** As the frame says. */
  entropyIndex: number;
  /** Of the beaconer, as the frame says; 8 bytes. */
  shortId: Uint8Array;
  /** `witnessClaim` of the 31 bytes heard. */
  claim: Uint8Array;
  freqHz: number;
  spreadingFactor: number;
  bandwidthHz: number;
  rssiDbm: number;
  snrDdb: number;
  tmstUs: number | null;
  gnss: Gnss | null;
}

/** What the owner asserts: where the hotspot stands, its antenna, and whom to pay. */
export interface Assertion {
  latE7: number;
  lonE7: number;
  /** Of the antenna above ground. */
  elevationM: number;
  antennaGainDdbi: number;
  /** RP002 region, as in `REGIONS`. */
  region: string;
  /** EVM address, 20 bytes. */
  payee: Uint8Array | null;
}

export interface RadioSummary {
  rxOk: number;
  rxBad: number;
  transmitted: number;
  ackPermille: number | null;
  temperatureDc: number | null;
  /** How many channels and spreading factors it receives at once: most concentrators 8 and 6, a modem 1 and 1. */
  channels: number | null;
  spreadingFactors: number | null;
}

/** State of the computer that the agent runs on; null is unknown. */
export interface MachineSummary {
  cpuTemperatureDc: number | null;
  /** Mean number of processes that ran or waited in the last minute, for each core. */
  loadPermille: number | null;
  /** Of the file system with the agent's state. */
  diskUsedPermille: number | null;
  /** Whether the supply voltage is too low at this moment. */
  underVoltage: boolean | null;
}

/** Where the hotspot's key is: on the machine of its radios, or on another, such as a server that keeps keys for many. */
export const KEY_PLACES = ["here", "elsewhere"] as const;
export type KeyPlace = (typeof KEY_PLACES)[number];

export interface StatusPacket extends Numbered {
  type: "status";
  atMs: number;
  state: "online" | "offline";
  uptimeS: number;
  version: string;
  radio: RadioSummary | null;
  gnss: Gnss | null;
  outboxQueued: number;
  /** Since the outbox was made; `losses` has those since the agent started. */
  outboxDropped: number;
  assertion: Assertion | null;
  machine: MachineSummary | null;
  /** What was refused, dropped, lost or never sent since the agent started, as `lossList` gives it; null where nothing was. */
  losses: LossCount[] | null;
  /** As far as the agent can tell; null where it cannot. */
  keyHeld: KeyPlace | null;
  /** What the agent writes and reads; null where it does not say. */
  formats: Formats | null;
  /** The current chain's head and the next one's; null where the hotspot sends no beacons. */
  commitments: Commitment[] | null;
}

/** One quantity over a period: value = integer · 10^exponent. The unit is part of the name: `power_w`. */
export interface Quantity {
  name: string;
  exponent: number;
  min: number;
  mean: number;
  max: number;
  count: number;
}

export interface ReadingPacket extends Numbered {
  type: "reading";
  atMs: number;
  /** The device, as named in the agent's configuration. */
  source: string;
  periodMs: number;
  quantities: Quantity[];
}

/** A witness report as heard: `encodePacket` writes what the frame says, and its claim. */
export type HeardWitness = Omit<WitnessPacket, "entropyIndex" | "shortId" | "claim"> & {
  /** The 31 bytes of a beacon. */
  frame: Uint8Array;
};

/** What a hotspot hands over to be signed and sent. */
export type PacketToSign = Packet | HeardWitness;

export type Packet = BeaconPacket | WitnessPacket | StatusPacket | ReadingPacket;
export type PacketType = Packet["type"];
