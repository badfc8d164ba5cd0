/** Helium's speed of light, m/s. */
const SPEED_OF_LIGHT_M_PER_S = 2.998e8;

/** 20·log10(4πdf/c) dB. */
export const heliumFreeSpaceLossDb = (freqHz: number, distanceM: number): number =>
  20 * Math.log10((4 * Math.PI * distanceM * freqHz) / SPEED_OF_LIGHT_M_PER_S);

export interface Link {
  /** As the beaconer reported it: hole 2 of the reference (section 2.5), since nothing bounds it. */
  txPowerDbm: number;
  beaconerGainDdbi: number;
  witnessGainDdbi: number;
  /** Where the witness says that it heard. */
  freqHz: number;
  /** Whole metres. */
  distanceM: number;
}

/**
 * The strongest signal that free space allows, dBm, with gains cut to whole dBi.
 *
 * The last bit depends on the engine's logarithm. A verdict compares it with whole tenths of a dBm, and would differ
 * only where the bound lies within 1e-13 dB of a tenth.
 */
export function freeSpaceBoundDbm(link: Link): number {
  const beaconerGainDb = Math.trunc(link.beaconerGainDdbi / 10);
  const witnessGainDb = Math.trunc(link.witnessGainDdbi / 10);
  const lossDb = heliumFreeSpaceLossDb(link.freqHz, link.distanceM);
  return link.txPowerDbm + beaconerGainDb - lossDb + witnessGainDb;
}

/** There is an upper bound only: a signal may be as weak as it likes. */
export const isRssiTooStrong = (signalDdbm: number, boundDbm: number): boolean => signalDdbm / 10 > boundDbm;
