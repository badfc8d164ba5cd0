import type { Region } from "@earshot/protocol/hotspot";

/** The conducted power, whole dBm, with which a beacon keeps the region's limits and the owner's. */
export function beaconPowerDbm(region: Region, antennaGainDdbi: number, maxPowerDbm: number): number {
  const radiatedLimit = (region.maxEirpDbm * 10 - antennaGainDdbi) / 10;
  return Math.floor(Math.min(radiatedLimit, region.maxConductedDbm ?? Number.POSITIVE_INFINITY, maxPowerDbm));
}
