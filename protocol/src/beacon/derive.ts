import { shortId } from "../crypto/did-key.ts";
import { sha256 } from "../crypto/sha256.ts";
import { concatBytes, readU32, u32, utf8 } from "../encoding/bytes.ts";
import type { Region } from "../radio/regions.ts";
import { encodeBeaconFrame } from "./frame.ts";

/*
 * A hotspot does not choose when, on which channel or with which content it beacons:
 *
 *   s1 = Ed25519(key, "earshot-schedule" ‖ network ‖ first entropy of the window ‖ window)  → minute
 *   s2 = Ed25519(key, "earshot-beacon"   ‖ network ‖ entropy of that minute      ‖ window)  → tag, channel, data rate
 *
 * The beacon report reveals s1 and s2; anybody who has the public key can derive the rest.
 */

export const scheduleMessage = (network: string, windowEntropy: Uint8Array, window: number): Uint8Array =>
  concatBytes(utf8("earshot-schedule"), utf8(network), windowEntropy, u32(window));

export const beaconMessage = (network: string, entropy: Uint8Array, window: number): Uint8Array =>
  concatBytes(utf8("earshot-beacon"), utf8(network), entropy, u32(window));

/** The entropy index at which the hotspot beacons in this window, from its schedule signature. */
export const scheduledIndex = (
  scheduleSignature: Uint8Array,
  window: number,
  windowPeriods: number,
): number => window * windowPeriods + (readU32(sha256(scheduleSignature), 0) % windowPeriods);

export interface DerivedBeacon {
  frame: Uint8Array;
  freqHz: number;
  spreadingFactor: number;
  bandwidthHz: number;
  /** In [0, 1): when in the entropy period to send, so that neighbours do not all send at once. */
  periodShare: number;
}

/** Everything that the beacon signature determines, for a hotspot in `region`. */
export function deriveBeacon(
  publicKey: Uint8Array,
  beaconSignature: Uint8Array,
  entropyIndex: number,
  region: Region,
): DerivedBeacon {
  const digest = sha256(beaconSignature);
  const pick = <T>(choices: readonly T[], offset: number): T =>
    choices[readU32(digest, offset) % choices.length] as T;
  return {
    frame: encodeBeaconFrame({ entropyIndex, shortId: shortId(publicKey), tag: digest.slice(0, 16) }),
    freqHz: pick(region.beaconChannelsHz, 16),
    ...pick(region.beaconDataRates, 20),
    periodShare: readU32(digest, 24) / 2 ** 32,
  };
}
