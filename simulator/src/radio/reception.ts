import { demodulationFloorSnrDb, thermalNoiseDbm } from "@earshot/protocol";
import { type Environment, pathLossDb, receivedDbm } from "./path-loss.ts";
import type { Reception, Station, Transmission } from "./station.ts";

/** A frame survives another one on its channel and spreading factor when it is this much stronger. */
const CAPTURE_DB = 6;

/** A transmission, its sender and when it ends. */
export interface OnAir {
  transmission: Transmission;
  sender: Station;
  endMs: number;
}

export interface Air {
  environment: Environment;
  seed: number;
}

export const overlaps = (a: OnAir, b: OnAir): boolean =>
  a.transmission.startMs < b.endMs && b.transmission.startMs < a.endMs;

/** Spreading factors are near enough orthogonal: only the same one on the same channel interferes. */
function interferes(a: Transmission, b: Transmission): boolean {
  const apartHz = Math.abs(a.freqHz - b.freqHz);
  return a.spreadingFactor === b.spreadingFactor && apartHz < Math.max(a.bandwidthHz, b.bandwidthHz);
}

function levelDbm(air: Air, onAir: OnAir, receiver: Station): number {
  const { transmission, sender } = onAir;
  const lossDb = pathLossDb(air.environment, air.seed, sender, receiver, transmission);
  return receivedDbm(transmission.powerDbm, sender, receiver, lossDb);
}

/**
 * What `receiver` receives of a frame; `undefined` when it is too weak or the receiver was sending itself.
 * @param others everything that was on air at some time together with the frame
 */
export function receive(
  air: Air,
  frame: OnAir,
  receiver: Station,
  others: readonly OnAir[],
): Reception | undefined {
  if (others.some(({ sender }) => sender.id === receiver.id)) return undefined;
  const { transmission, endMs } = frame;
  const rssiDbm = levelDbm(air, frame, receiver);
  const noiseDbm = thermalNoiseDbm(transmission.bandwidthHz, receiver.noiseFigureDb);
  const snrDb = rssiDbm - noiseDbm;
  if (snrDb < demodulationFloorSnrDb(transmission.spreadingFactor)) return undefined;
  const interferers = others.filter((other) => interferes(other.transmission, transmission));
  const isClear = rssiDbm >= sumDbm(interferers.map((other) => levelDbm(air, other, receiver))) + CAPTURE_DB;
  return { transmission, endMs, rssiDbm, snrDb, crc: isClear ? "ok" : "bad" };
}

/** Powers add in milliwatts; no power at all is −∞ dBm. */
function sumDbm(levels: readonly number[]): number {
  return 10 * Math.log10(levels.reduce((sum, level) => sum + 10 ** (level / 10), 0));
}
