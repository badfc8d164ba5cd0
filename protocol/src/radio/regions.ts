import type { DutyCycleBand, Region, RegionId } from "./region.ts";
import { PLANS } from "./region-plans.ts";

export type { DutyCycleBand, Region, RegionId };

export const REGION_IDS = Object.freeze(Object.keys(PLANS)) as readonly RegionId[];

export const REGIONS = Object.freeze(
  Object.fromEntries(REGION_IDS.map((id) => [id, Object.freeze({ id, ...PLANS[id] })])),
) as Readonly<Record<RegionId, Region>>;

/** Whether a text names a region. */
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
