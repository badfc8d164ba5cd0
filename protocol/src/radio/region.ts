import type { LoraDataRate } from "./airtime.ts";

/** Names as in RP002-1.0.4, table "Regional Parameters Common Names". */
export type RegionId = "EU868" | "US915" | "AS923-1" | "AU915" | "IN865" | "KR920" | "EU433";

/** A stretch of spectrum (`minHz` ≤ f < `maxHz`) in which transmissions share one duty cycle. */
export interface DutyCycleBand {
  minHz: number;
  maxHz: number;
  /** Share of the time in which one may transmit, above 0, at most 1. */
  dutyCycle: number;
}

/** What a hotspot needs to send beacons lawfully and to be heard. */
export interface Region {
  id: RegionId;
  /** Edges of the spectrum of the channel plan; a channel lies inside with its whole bandwidth. */
  rangeHz: readonly [minHz: number, maxHz: number];
  /**
   * Centre frequencies on which beacons are sent and a concentrator listens: eight, seven for KR920. The order is
   * part of the protocol: a beacon picks its channel by index.
   */
  beaconChannelsHz: readonly number[];
  /**
   * Data rates that carry a beacon (31 bytes) within maximum payload and dwell time, slowest first. The order is
   * part of the protocol: a beacon picks its data rate by index.
   */
  beaconDataRates: readonly LoraDataRate[];
  /** Radiated power limit, dBm EIRP: conducted power minus cable loss plus antenna gain in dBi must not exceed it. */
  maxEirpDbm: number;
  /** A further limit on conducted power, whatever the antenna. */
  maxConductedDbm?: number;
  /** Empty where no duty cycle applies. */
  dutyCycleBands: readonly DutyCycleBand[];
  /** The longest lawful single transmission, absent where there is no limit. */
  dwellTimeMs?: number;
}
