import type { Measurement } from "../network/verdict-message.ts";

/*
 * What Helium's verifier judged by (oracles-iot `ff4b370`, June 2026), in neutral types. Byte strings that only serve as
 * keys are text; H3 cells are hexadecimal text as in h3-js; `Ddb` is tenths of a decibel.
 */

/** "I sent this." Times are the receiver's: the gateway's own were never checked. */
export interface HeliumBeaconReport {
  /** Unique; decides between reports received in the same millisecond. */
  id: string;
  hotspotKey: string;
  receivedAtMs: number;
  remoteEntropy: Uint8Array;
  localEntropy: Uint8Array;
  /** The payload on air, without the LoRaWAN header. */
  data: Uint8Array;
  freqHz: number;
  /** Such as SF12BW125. */
  dataRate: string;
  /** As the gateway reports it; see rule 7b in `beacon-rules.ts`. */
  txPowerDbm: number;
}

/** "I heard this." The message also had data rate, SNR and the gateway's own times, which were never checked. */
export interface HeliumWitnessReport {
  id: string;
  hotspotKey: string;
  receivedAtMs: number;
  data: Uint8Array;
  freqHz: number;
  signalDdbm: number;
}

/** Where the owner asserted the hotspot: a cell chosen in an app. */
export interface HeliumAssertion {
  cell: string;
  gainDdbi: number;
  region: string;
}

export interface HeliumHotspot {
  key: string;
  isFullHotspot: boolean;
  /** Absent while no location is asserted, or in no known region. */
  asserted: HeliumAssertion | undefined;
}

/** What the beacon must have been, from entropy, region and gain. */
export interface ExpectedBeacon {
  data: Uint8Array;
  freqHz: number;
  dataRate: string;
}

export interface HeliumDenylist {
  deniesHotspot(key: string): boolean;
  /** Edges have no direction. */
  deniesEdge(a: string, b: string): boolean;
}

/** What was configurable. */
export interface HeliumSettings {
  entropyLifespanS: number;
  beaconIntervalMs: number;
  maxPaidWitnesses: number;
}

export const HELIUM_SETTINGS: HeliumSettings = {
  entropyLifespanS: 180,
  beaconIntervalMs: 6 * 3_600_000,
  maxPaidWitnesses: 14,
};

/** Everything that rules may ask, besides the reports that they judge. */
export interface HeliumContext {
  readonly settings: HeliumSettings;
  readonly denylist: HeliumDenylist;
  hotspot(key: string): HeliumHotspot | undefined;
  /** Time of the entropy that the report names, ms. */
  entropyTimeMs(report: HeliumBeaconReport): number;
  /** The beacon, derived again; `undefined` when it cannot be. */
  expectedBeacon(report: HeliumBeaconReport, asserted: HeliumAssertion): ExpectedBeacon | undefined;
  /** Receive time of the hotspot's latest judged beacon report, valid or not. */
  lastBeaconMs(key: string): number | undefined;
  /** Receive time of its latest beacon report that satisfied rules 1 to 7 and had a witness report. */
  lastWitnessedBeaconMs(key: string): number | undefined;
  /** Receive time of its latest witness report that satisfied rules 1 to 12. */
  lastWitnessMs(key: string): number | undefined;
}

/** Why a report is invalid, by Helium's own name, with what was measured. */
export interface HeliumInvalid {
  reason: string;
  measurements: Measurement[];
}
