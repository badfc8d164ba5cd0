import { MAX_LAT_E7, MAX_LON_E7 } from "../math/geo.ts";

/** Lowest and highest value of a number, both allowed. */
export type Range = readonly [min: number, max: number];

const UINT8: Range = [0, 255];
const UINT32: Range = [0, 0xffff_ffff];
/** −100.0 to 200.0 °C. */
const TEMPERATURE_DC: Range = [-1000, 2000];

/**
 * Lowest and highest value of each number in a packet: the only list of these limits. Configurations are checked against
 * it and measured values are clamped to it (`clampTo`); `earshot.cddl` repeats them, and a test compares.
 */
export const PACKET_LIMITS = {
  /** Year 2000 to 2100: a clock outside it is not set. */
  timeMs: [946_684_800_000, 4_102_444_800_000],
  latE7: [-MAX_LAT_E7, MAX_LAT_E7],
  lonE7: [-MAX_LON_E7, MAX_LON_E7],
  elevationM: [-500, 9000],
  antennaGainDdbi: [-100, 300],
  satellitesUsed: UINT8,
  altitudeM: [-1000, 20_000],
  horizontalErrorDm: [0, 65_535],
  /** More than those of `INTEGRITY_FLAGS`: a newer agent may know others. */
  integrityFlags: [0, 0xffff],
  /** SX1261/62 and SX1301/02 tune from 137 to 1020 MHz; 2.4 GHz needs a wider field and a new version. */
  freqHz: [137_000_000, 1_020_000_000],
  spreadingFactor: [5, 12],
  powerDbm: [-40, 40],
  rssiDbm: [-200, 50],
  snrDdb: [-400, 400],
  tmstUs: UINT32,
  /** LoRa receives up to a quarter of the bandwidth beside its channel (SX1276 datasheet 4.1.1.6): twice that and more. */
  freqOffsetHz: [-1_000_000, 1_000_000],
  fineTimeNs: [0, 999_999_999],
  antenna: UINT8,
  ackPermille: [0, 1000],
  temperatureDc: TEMPERATURE_DC,
  channels: UINT8,
  spreadingFactors: UINT8,
  cpuTemperatureDc: TEMPERATURE_DC,
  loadPermille: [0, 1_000_000],
  diskUsedPermille: [0, 1000],
  exponent: [-12, 12],
  /** Of a quantity: the integer that its power of ten multiplies. */
  digits: [-(2 ** 47), 2 ** 47],
  count: UINT32,
} as const satisfies Record<string, Range>;

export const BANDWIDTHS_HZ: readonly number[] = [125_000, 250_000, 500_000];

/** In bytes of UTF-8. */
export const MAX_TEXT_BYTES = { version: 32, region: 16, source: 32, quantity: 32 } as const;
export const MAX_QUANTITIES = 16;
/** An EUI-64. */
export const MAX_CONCENTRATOR_BYTES = 8;
/** Chains that a status packet may commit to: the current one and the next. */
export const MAX_COMMITMENTS = 2;

export const isWithin = (value: number, [min, max]: Range): boolean => value >= min && value <= max;

/** The nearest whole number that is allowed; `undefined` for NaN. */
export const clampTo = (value: number, [min, max]: Range): number | undefined =>
  Number.isNaN(value) ? undefined : Math.min(max, Math.max(min, Math.round(value))) + 0;

/** The nearest whole number; null where that is not allowed, or `value` is NaN. */
export function roundWithin(value: number, range: Range): number | null {
  const whole = Math.round(value) + 0;
  return isWithin(whole, range) ? whole : null;
}
