import { distanceM, freeSpaceLossDb } from "@earshot/protocol";
import { normal, randomFor } from "./random.ts";
import type { Station } from "./station.ts";

/** How radio waves spread in one place. */
export interface Environment {
  /** Up to here loss is that of free space. */
  referenceM: number;
  /** n of 10·n·log10(d / reference) beyond it; 2 is free space. */
  exponent: number;
  /** Standard deviation of the log-normal shadowing, which is constant for each link. */
  shadowingDb: number;
  /** Standard deviation of the fading, which changes from frame to frame. */
  fadingDb: number;
}

/** Roof-level antennas in a city of the North American kind; the usual range of n there is 2.7 to 3.5. */
export const CITY: Environment = { referenceM: 100, exponent: 3.5, shadowingDb: 7, fadingDb: 1.5 };

/**
 * Polarisation never matches fully and connectors lose a little, so no link is better than free space less this.
 * It also keeps honest levels below the free-space rule's bound after the radio has rounded its RSSI to whole dBm
 * (0.5 dB) and the rule has moved both ends to the centres of their cells (at 300 m up to 22 m, 0.6 dB).
 */
export const MIN_EXCESS_LOSS_DB = 2;

/** Median log-distance loss: free space to the reference, then `exponent`. Grows with distance. */
export function medianLossDb(environment: Environment, distance: number, freqHz: number): number {
  const { referenceM, exponent } = environment;
  if (distance <= referenceM) return freeSpaceLossDb(distance, freqHz);
  return freeSpaceLossDb(referenceM, freqHz) + 10 * exponent * Math.log10(distance / referenceM);
}

/** Whole metres as judging counts them; two radios on one mast are a metre apart. */
const separationM = (a: Station, b: Station): number => Math.max(1, distanceM(a.position, b.position));

/** Shadowing of a link: the same in both directions, frame after frame. */
export function shadowingDb(environment: Environment, seed: number, a: Station, b: Station): number {
  const ends = [a.id, b.id].sort();
  return environment.shadowingDb * normal(randomFor("shadowing", seed, ...ends));
}

/** Loss between two antennas for one frame: never less than free space and the smallest excess. */
export function pathLossDb(
  environment: Environment,
  seed: number,
  from: Station,
  to: Station,
  frame: { freqHz: number; startMs: number },
): number {
  const distance = separationM(from, to);
  const fading = environment.fadingDb * normal(randomFor("fading", seed, from.id, to.id, frame.startMs));
  const loss =
    medianLossDb(environment, distance, frame.freqHz) + shadowingDb(environment, seed, from, to) + fading;
  return Math.max(loss, freeSpaceLossDb(distance, frame.freqHz) + MIN_EXCESS_LOSS_DB);
}

/** Signal power at the receiver's connector: power and both gains, less both installations and the path. */
export function receivedDbm(powerDbm: number, from: Station, to: Station, lossDb: number): number {
  const gains = from.antennaGainDbi + to.antennaGainDbi;
  return powerDbm + gains - from.installationLossDb - to.installationLossDb - lossDb;
}
