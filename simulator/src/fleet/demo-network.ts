import type { RandomBytes } from "@earshot/gateway";
import {
  concatBytes,
  DEFAULT_PARAMETERS,
  type NetworkParameters,
  type Signer,
  sha256,
  signerFromSeed,
  utf8,
} from "@earshot/protocol";

/** The calendar of a simulated network: a minute takes two seconds, all rules stay the same. */
const COMPRESSED = {
  entropyPeriodMs: 2000,
  entropyValidityMs: 6000,
  windowPeriods: 5,
  epochPeriods: 30,
  reportDeadlineMs: 8000,
  revealDeadlineMs: 12_000,
} as const;

/** How many times faster than an ordinary network this one runs. */
export const TIME_COMPRESSION = DEFAULT_PARAMETERS.entropyPeriodMs / COMPRESSED.entropyPeriodMs;

export const DEMO_PARAMETERS: NetworkParameters = {
  ...DEFAULT_PARAMETERS,
  ...COMPRESSED,
  // As many epochs as on an ordinary network. The tolerances of clocks and counters depend on machines, not on the
  // calendar, and stay the same.
  relocationCooldownMs: DEFAULT_PARAMETERS.relocationCooldownMs / TIME_COMPRESSION,
  // Eight windows, as there: a hotspot sends eight beacons with which it can be heard.
  reciprocityPeriods:
    (DEFAULT_PARAMETERS.reciprocityPeriods / DEFAULT_PARAMETERS.windowPeriods) * COMPRESSED.windowPeriods,
  network: "demo",
};

/** 32 bytes that depend on the seed and on what they are for. Everybody can compute them: for simulations only. */
export const seededBytes = (seed: number, purpose: string): Uint8Array =>
  sha256(utf8(`earshot simulator ${seed} ${purpose}`));

export const seededSigner = (seed: number, purpose: string): Signer =>
  signerFromSeed(seededBytes(seed, purpose));

/** Entropy that is the same in every run with the same seed. */
export function seededEntropy(seed: number): RandomBytes {
  const secret = seededBytes(seed, "entropy");
  return (index) => sha256(concatBytes(secret, utf8(String(index))));
}
