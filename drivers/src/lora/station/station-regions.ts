import type { RegionId } from "@earshot/protocol/hotspot";

/** A data rate as `router_config` has it; `null` where the region defines none that Station can demodulate. */
export type StationDataRate =
  | { modulation: "lora"; spreadingFactor: number; bandwidthHz: number; downlinkOnly?: true }
  | { modulation: "fsk"; bitRateBps: number }
  | null;

export interface StationRegion {
  /** The name Station knows the region by. */
  name: string;
  /**
   * EIRP that Station 2.0.6 uses for all transmissions in it, dBm: built in for EU863, US902 and KR920, whatever
   * `max_eirp` says; for the others it is `max_eirp`.
   */
  eirpDbm: number;
  /** DR0 to DR15. */
  dataRates: readonly StationDataRate[];
}

const lora = (spreadingFactor: number, bandwidthKhz: number): StationDataRate => ({
  modulation: "lora",
  spreadingFactor,
  bandwidthHz: bandwidthKhz * 1000,
});
const downlink = (spreadingFactor: number): StationDataRate => ({
  modulation: "lora",
  spreadingFactor,
  bandwidthHz: 500_000,
  downlinkOnly: true,
});
const FSK: StationDataRate = { modulation: "fsk", bitRateBps: 50_000 };
const SF12_TO_SF7 = [12, 11, 10, 9, 8, 7].map((spreadingFactor) => lora(spreadingFactor, 125));
const DOWNLINK_SF12_TO_SF7 = [12, 11, 10, 9, 8, 7].map(downlink);

const sixteen = (...dataRates: StationDataRate[]): StationDataRate[] =>
  Array.from({ length: 16 }, (_, index) => dataRates[index] ?? null);

/**
 * RP002-1.0.4 "LoRaWAN Regional Parameters", the data rate tables of each plan. LR-FHSS, and SF5 and SF6 (which
 * Station 2.0.6 would take for FSK), are left out.
 */
export const STATION_REGIONS: Readonly<Record<RegionId, StationRegion>> = {
  EU868: { name: "EU863", eirpDbm: 16, dataRates: sixteen(...SF12_TO_SF7, lora(7, 250), FSK) },
  US915: {
    name: "US902",
    eirpDbm: 30,
    dataRates: sixteen(...SF12_TO_SF7.slice(2), lora(8, 500), null, null, null, ...DOWNLINK_SF12_TO_SF7),
  },
  "AS923-1": { name: "AS923", eirpDbm: 16, dataRates: sixteen(...SF12_TO_SF7, lora(7, 250), FSK) },
  AU915: {
    name: "AU915",
    eirpDbm: 30,
    dataRates: sixteen(...SF12_TO_SF7, lora(8, 500), null, ...DOWNLINK_SF12_TO_SF7),
  },
  IN865: { name: "IN865", eirpDbm: 30, dataRates: sixteen(...SF12_TO_SF7, null, FSK) },
  KR920: { name: "KR920", eirpDbm: 23, dataRates: sixteen(...SF12_TO_SF7) },
  EU433: { name: "EU433", eirpDbm: 12.15, dataRates: sixteen(...SF12_TO_SF7, lora(7, 250), FSK) },
};

/** The index of a data rate that Station may send at; `undefined` when the region has none. */
export function dataRateIndex(
  region: StationRegion,
  spreadingFactor: number,
  bandwidthHz: number,
): number | undefined {
  const index = region.dataRates.findIndex(
    (rate) =>
      rate?.modulation === "lora" &&
      rate.spreadingFactor === spreadingFactor &&
      rate.bandwidthHz === bandwidthHz,
  );
  return index < 0 ? undefined : index;
}
