import type { Region, RegionId } from "./region.ts";

/**
 * The channel plans in which hotspots beacon: LoRa Alliance RP002-1.0.4 "LoRaWAN Regional Parameters", the section
 * that bears each plan's name. Where RP002 fixes fewer than eight channels, the rest are those that public network
 * plans add, so that an eight-channel concentrator as commonly configured hears every beacon.
 *
 * Only 125 kHz data rates appear: they are what the multi-SF demodulators of an eight-channel concentrator receive.
 */

const KHZ_125 = 125_000;

const dataRates = (...spreadingFactors: number[]) =>
  spreadingFactors.map((spreadingFactor) => ({ spreadingFactor, bandwidthHz: KHZ_125 }));

/** DR0 … DR5 of every plan but US902-928; each carries a MACPayload of at least 59 bytes. */
const SF12_TO_SF7 = dataRates(12, 11, 10, 9, 8, 7);

/** What a 400 ms dwell time leaves for 31 bytes: at SF10 the limit is a MACPayload of 19 bytes. */
const SF9_TO_SF7 = dataRates(9, 8, 7);

/** Eight channels, 200 kHz apart. */
const eightFrom = (firstHz: number) => Array.from({ length: 8 }, (_, i) => firstHz + i * 200_000);

export const PLANS: Readonly<Record<RegionId, Omit<Region, "id">>> = {
  // "EU863-870": default channels 868.1, 868.3, 868.5. Duty cycles: ETSI EN 300 220-2 V3.1.1 table B.1, bands K, L, M,
  // N, P and R, each counted on its own; the gaps between them are reserved for alarms.
  EU868: {
    rangeHz: [863_000_000, 870_000_000],
    beaconChannelsHz: [
      868_100_000, 868_300_000, 868_500_000, 867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000,
    ],
    beaconDataRates: SF12_TO_SF7,
    maxEirpDbm: 16,
    dutyCycleBands: [
      { minHz: 863_000_000, maxHz: 865_000_000, dutyCycle: 0.001 },
      { minHz: 865_000_000, maxHz: 868_000_000, dutyCycle: 0.01 },
      { minHz: 868_000_000, maxHz: 868_600_000, dutyCycle: 0.01 },
      { minHz: 868_700_000, maxHz: 869_200_000, dutyCycle: 0.001 },
      { minHz: 869_400_000, maxHz: 869_650_000, dutyCycle: 0.1 },
      { minHz: 869_700_000, maxHz: 870_000_000, dutyCycle: 0.01 },
    ],
  },

  // "US902-928": the second sub-band, channels 8 to 15. DR0 (SF10) carries 19 bytes only. Conducted power: fewer than
  // 50 hopping channels leave 21 dBm (47 CFR 15.247 and the plan's own note).
  US915: {
    rangeHz: [902_000_000, 928_000_000],
    beaconChannelsHz: eightFrom(903_900_000),
    beaconDataRates: SF9_TO_SF7,
    maxEirpDbm: 30,
    maxConductedDbm: 21,
    dutyCycleBands: [],
    dwellTimeMs: 400,
  },

  // "AS923" group 1: default channels 923.2 and 923.4, duty cycle below 1 %. Members of the group with a dwell time
  // limit set 400 ms, so the plan keeps it for all.
  "AS923-1": {
    rangeHz: [915_000_000, 928_000_000],
    beaconChannelsHz: eightFrom(923_200_000),
    beaconDataRates: SF9_TO_SF7,
    maxEirpDbm: 16,
    dutyCycleBands: [{ minHz: 915_000_000, maxHz: 928_000_000, dutyCycle: 0.01 }],
    dwellTimeMs: 400,
  },

  // "AU915-928": the second sub-band, channels 8 to 15. UplinkDwellTime is 1 (400 ms) until a network clears it.
  AU915: {
    rangeHz: [915_000_000, 928_000_000],
    beaconChannelsHz: eightFrom(916_800_000),
    beaconDataRates: SF9_TO_SF7,
    maxEirpDbm: 30,
    dutyCycleBands: [],
    dwellTimeMs: 400,
  },

  // "IN865-867": default channels 865.0625, 865.4025, 865.985.
  IN865: {
    rangeHz: [865_000_000, 867_000_000],
    beaconChannelsHz: [
      865_062_500, 865_402_500, 865_985_000, 865_232_500, 866_185_000, 866_385_000, 866_585_000, 866_785_000,
    ],
    beaconDataRates: SF12_TO_SF7,
    maxEirpDbm: 30,
    dutyCycleBands: [],
  },

  // "KR920-923": default channels 922.1, 922.3, 922.5. Listen before talk instead of a duty cycle. Seven channels:
  // those below 922 MHz allow 10 dBm only.
  KR920: {
    rangeHz: [920_800_000, 923_400_000],
    beaconChannelsHz: eightFrom(922_100_000).slice(0, 7),
    beaconDataRates: SF12_TO_SF7,
    maxEirpDbm: 14,
    dutyCycleBands: [],
  },

  // "EU433": default channels 433.175, 433.375, 433.575, duty cycle below 1 % (ETSI EN 300 220-2 would allow 10 %).
  // The EIRP is the 10 mW e.r.p. of the band plus the 2.15 dB of a dipole.
  EU433: {
    rangeHz: [433_050_000, 434_790_000],
    beaconChannelsHz: eightFrom(433_175_000),
    beaconDataRates: SF12_TO_SF7,
    maxEirpDbm: 12.15,
    dutyCycleBands: [{ minHz: 433_050_000, maxHz: 434_790_000, dutyCycle: 0.01 }],
  },
};
