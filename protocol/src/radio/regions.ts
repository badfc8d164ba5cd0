import type { LoraDataRate } from "./airtime.ts";
import { PLANS } from "./region-plans.ts";

/** Names as in RP002-1.0.4, table "Regional Parameters Common Names". */
export type RegionId = "EU868" | "US915" | "AS923-1" | "AU915" | "IN865" | "KR920" | "EU433";

/** A stretch of spectrum (`minHz` ≤ f < `maxHz`) in which transmissions share one duty cycle. */
export interface DutyCycleBand {
  minHz: number;
  maxHz: number;
  /** Share of the time in which one may transmit, above 0, at most 1. */
  dutyCycle: number;
}

/** What a hotspot must know to beacon lawfully and be heard. */
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

export const REGION_IDS = Object.freeze(Object.keys(PLANS)) as readonly RegionId[];

export const REGIONS = Object.freeze(
  Object.fromEntries(REGION_IDS.map((id) => [id, Object.freeze({ id, ...PLANS[id] })])),
) as Readonly<Record<RegionId, Region>>;

/** Whether a text, from a configuration say, names a region. */
export function isRegionId(text: string): text is RegionId {
  return Object.hasOwn(REGIONS, text);
}

/** The duty cycle band that a channel lies in, or undefined where none applies. */
export function dutyCycleBand(region: Region, channelHz: number): DutyCycleBand | undefined {
  return region.dutyCycleBands.find(({ minHz, maxHz }) => channelHz >= minHz && channelHz < maxHz);
}

/**
 * How long the band of a channel must stay silent after a transmission, in whole ms rounded up, counted from the
 * end of the transmission: airtime · (1 / duty cycle − 1). 0 where the region has no duty cycle. Other bands of the
 * region are not affected.
 * @throws {RangeError} if the channel is outside the region's bands or the airtime is not a duration.
 */
export function dutyCycleWaitMs(region: Region, channelHz: number, airtimeMs: number): number {
  const [minHz, maxHz] = region.rangeHz;
  if (!(channelHz >= minHz && channelHz <= maxHz)) {
    throw new RangeError(`Channel ${channelHz} Hz is outside ${region.id} (${minHz} to ${maxHz} Hz)`);
  }
  if (!(airtimeMs >= 0 && Number.isFinite(airtimeMs))) {
    throw new RangeError(`Airtime is ${airtimeMs} ms, must be finite and not negative`);
  }
  if (region.dutyCycleBands.length === 0) return 0;
  const band = dutyCycleBand(region, channelHz);
  if (band === undefined) {
    throw new RangeError(`Channel ${channelHz} Hz lies in none of the bands that ${region.id} may use`);
  }
  return Math.ceil(airtimeMs / band.dutyCycle - airtimeMs);
}
