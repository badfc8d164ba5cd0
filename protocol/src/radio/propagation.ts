import { exp10, log10 } from "../math/portable-math.ts";

/*
 * Radio levels that judging compares with what was reported, in dB: the same on every engine, and compared in whole
 * tenths of a decibel.
 */

/** Speed of light in vacuum, m/s (SI, exact). */
const SPEED_OF_LIGHT_M_PER_S = 299_792_458;

/** Thermal noise density at 290 K, as rounded throughout the LoRa literature. */
const THERMAL_NOISE_DBM_PER_HZ = -174;

const SF7_FLOOR_SNR_DB = -7.5;
const FLOOR_STEP_DB = 2.5;

/**
 * Noise power in a receiver's bandwidth: −174 + 10·log10(BW) + noise figure (Semtech AN1200.22).
 * @throws {RangeError} if the bandwidth is not positive or the noise figure not a number.
 */
export function thermalNoiseDbm(bandwidthHz: number, noiseFigureDb: number): number {
  checkPositive("bandwidthHz", bandwidthHz);
  if (!Number.isFinite(noiseFigureDb))
    throw new RangeError(`noiseFigureDb is ${noiseFigureDb}, must be finite`);
  return THERMAL_NOISE_DBM_PER_HZ + 10 * log10(bandwidthHz) + noiseFigureDb;
}

/**
 * The weakest SNR at which a spreading factor can be demodulated: −7.5 dB at SF7, 2.5 dB less for each step, −20 dB at
 * SF12 (SX1276 datasheet, table 13); −2.5 dB at SF5 and −5 dB at SF6 (SX1261/2 datasheet, table 6-1). Exact.
 * @throws {RangeError} if the spreading factor is not an integer from 5 to 12.
 */
export function demodulationFloorSnrDb(spreadingFactor: number): number {
  if (!(Number.isInteger(spreadingFactor) && spreadingFactor >= 5 && spreadingFactor <= 12)) {
    throw new RangeError(`spreadingFactor is ${spreadingFactor}, must be an integer from 5 to 12`);
  }
  return SF7_FLOOR_SNR_DB - FLOOR_STEP_DB * (spreadingFactor - 7);
}

/**
 * The noise that a reported RSSI and SNR imply, in dBm, by either of two conventions. What SX1302 forwarders call
 * `rssis` and SX127x drivers correct for negative SNR is the signal's own power; `rssi` and `rssic` are all power in
 * the channel, signal and noise together. A report does not say which of the two it uses.
 */
export function impliedNoiseDbm(
  rssiDbm: number,
  snrDb: number,
): { ofSignalDbm: number; ofChannelDbm: number } {
  return {
    ofSignalDbm: rssiDbm - snrDb,
    ofChannelDbm: rssiDbm - 10 * log10(1 + exp10(snrDb / 10)),
  };
}

/** The least signal that a reported RSSI and SNR can mean, in dBm: by the convention in which RSSI includes the noise. */
export const leastSignalDbm = (rssiDbm: number, snrDb: number): number =>
  impliedNoiseDbm(rssiDbm, snrDb).ofChannelDbm + snrDb;

/**
 * Loss between isotropic antennas in free space: 20·log10(4πdf/c) (ITU-R P.525). Meaningful in the far field, some
 * wavelengths away; nearer than a twelfth of a wavelength the formula turns into a gain.
 * @throws {RangeError} if distance or frequency is not positive.
 */
export function freeSpaceLossDb(distanceM: number, freqHz: number): number {
  checkPositive("distanceM", distanceM);
  checkPositive("freqHz", freqHz);
  return 20 * log10((4 * Math.PI * distanceM * freqHz) / SPEED_OF_LIGHT_M_PER_S);
}

function checkPositive(name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new RangeError(`${name} is ${value}, must be positive and finite`);
}
