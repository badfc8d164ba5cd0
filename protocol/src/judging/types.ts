import type { Denial } from "../network/denial.ts";
import type { Measurement, Outcome } from "../network/verdict-message.ts";
import type { DecodedPacket } from "../packet/codec.ts";
import type { BeaconPacket, Packet, WitnessPacket } from "../packet/packet.ts";
import type { NetworkParameters } from "../parameters/parameters.ts";
import type { Hotspot } from "../registry/registry.ts";
import type { ContactKind } from "./contacts.ts";

/** A packet with a valid signature, and when the gateway first received it. */
export interface ReceivedPacket<P extends Packet = Packet> {
  /** SHA-256 of the bytes, lower-case hex. */
  id: string;
  hotspotId: string;
  receivedAtMs: number;
  bytes: Uint8Array;
  /** Of the payload. */
  version: number;
  packet: P;
  publicKey: Uint8Array;
}

export type ReceivedBeacon = ReceivedPacket<BeaconPacket>;
export type ReceivedWitness = ReceivedPacket<WitnessPacket>;
export type ReceivedReport = ReceivedBeacon | ReceivedWitness;

export const receivedPacket = (
  decoded: DecodedPacket,
  hotspotId: string,
  receivedAtMs: number,
): ReceivedPacket => ({
  id: decoded.id.toHex(),
  hotspotId,
  receivedAtMs,
  bytes: decoded.bytes,
  version: decoded.version,
  packet: decoded.packet,
  publicKey: decoded.publicKey,
});

/** Everything that rules may ask, besides the reports that they judge. An answer must not depend on when it is asked for. */
export interface JudgingContext {
  readonly parameters: NetworkParameters;
  hotspot(id: string): Hotspot | undefined;
  /** The value published with this index, if any was. */
  entropyValue(index: number): Uint8Array | undefined;
  /** Whether the entropy with this index counts (`entropyCounts`); true where none was published. */
  isEntropyCounted(index: number): boolean;
  /** Index of the first entropy that counts in this window, if any does. */
  firstEntropyOfWindow(window: number): number | undefined;
  /** Value of the first that counts with this index or a later one: the paid witnesses are drawn with it. */
  drawEntropy(fromIndex: number): Uint8Array | undefined;
  /** Whether another packet of the hotspot came earlier (receive time, then id) with the same sequence number. */
  isSequenceReused(report: ReceivedPacket): boolean;
  /** Lowest entropy index of the hotspot's timely beacon reports in this window. */
  firstBeaconIndex(hotspotId: string, window: number): number | undefined;
  /**
   * Of the hotspot's timely reports filed under the same epoch, about beacons of this report's index or earlier, the
   * one with the highest sequence number below this one's (of several with that number the lowest id).
   */
  earlierReport(report: ReceivedReport): ReportTimes | undefined;
  /**
   * Index of the hotspot's latest contact of this kind with a beacon of an index below `beforeIndex`, the one that is
   * being judged.
   */
  contact(hotspotId: string, kind: ContactKind, beforeIndex: number): number | undefined;
  /** The denial of this hotspot (public key) that is in force. */
  denial(hotspot: Uint8Array): Denial | undefined;
  /** The denial of what two hotspots report of each other, whichever is named first. */
  edgeDenial(a: Uint8Array, b: Uint8Array): Denial | undefined;
  /** Whether a value is that of the window in the chain with this head. */
  isChainValue(publicKey: Uint8Array, window: number, value: Uint8Array, head: Uint8Array): boolean;
}

/** One moment, by the hotspot's clock and by its concentrator's counter. */
export interface ReportTimes {
  /** Of the beacon that it is about. */
  entropyIndex: number;
  atMs: number;
  tmstUs: number | null;
}

/** A rule's answer: `undefined` when the report passes, otherwise what was measured. */
export type RuleAnswer = Measurement[] | undefined;

/** One published rule. `C` is what it judges by. */
export interface Rule<C> {
  /** Stable identifier, used in verdicts. */
  readonly reason: string;
  check(context: C): RuleAnswer;
  /** One sentence for a technician: what is wrong, with the numbers, and what to do. */
  explain(numbers: Readonly<Record<string, number>>): string;
}

/** Why a report is not paid. */
export interface Refusal {
  reason: string;
  measurements: Measurement[];
}

/** Of each report that is not paid. */
export type Refusals = Map<ReceivedReport, Refusal>;

export interface Verdict {
  packetId: string;
  hotspotId: string;
  /** The beacon that the report is about: `beaconKey`. */
  beaconKey: string;
  type: "beacon" | "witness";
  outcome: Outcome;
  reason: string;
  measurements: Measurement[];
}
