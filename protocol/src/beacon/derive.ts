import { shortId } from "../crypto/did-key.ts";
import { sha256 } from "../crypto/sha256.ts";
import { readU32, u32, utf8 } from "../encoding/bytes.ts";
import type { Region } from "../radio/regions.ts";
import { encodeBeaconFrame } from "./frame.ts";

/*
 * A hotspot does not choose when, on which channel or with which content it beacons. With v, its value for the window
 * (`chain.ts`):
 *
 *   SHA-256("earshot-schedule" ‖ network ‖ 00 ‖ v ‖ first entropy of the window ‖ window)  → period
 *   SHA-256("earshot-beacon"   ‖ network ‖ 00 ‖ v ‖ entropy of that period      ‖ window)  → tag, channel, data rate
 *
 * The beacon report reveals v; anybody who has it and the entropy can derive the rest.
 */

/** What a beacon is derived from: the hotspot's value for the window, and the network's. */
export interface BeaconSecret {
  network: string;
  value: Uint8Array;
  window: number;
}

const digestOf = (purpose: string, { network, value, window }: BeaconSecret, entropy: Uint8Array) =>
  sha256(utf8(purpose), utf8(network), Uint8Array.of(0), value, entropy, u32(window));

/** The entropy index at which the hotspot beacons. @param windowEntropy the first entropy of the window */
export const scheduledIndex = (
  secret: BeaconSecret,
  windowEntropy: Uint8Array,
  windowPeriods: number,
): number =>
  secret.window * windowPeriods +
  (readU32(digestOf("earshot-schedule", secret, windowEntropy), 0) % windowPeriods);

export interface DerivedBeacon {
  frame: Uint8Array;
  freqHz: number;
  spreadingFactor: number;
  bandwidthHz: number;
  /** In [0, 1): when in the entropy period to send, so that neighbours do not all send at once. */
  periodShare: number;
}

/** The beacon of a hotspot in `region`. @param entropy the network's value of that index */
export function deriveBeacon(
  publicKey: Uint8Array,
  secret: BeaconSecret,
  { index, value: entropy }: { index: number; value: Uint8Array },
  region: Region,
): DerivedBeacon {
  const digest = digestOf("earshot-beacon", secret, entropy);
  const pick = <T>(choices: readonly T[], offset: number): T =>
    choices[readU32(digest, offset) % choices.length] as T;
  return {
    frame: encodeBeaconFrame({ entropyIndex: index, shortId: shortId(publicKey), tag: digest.slice(0, 16) }),
    freqHz: pick(region.beaconChannelsHz, 16),
    ...pick(region.beaconDataRates, 20),
    periodShare: readU32(digest, 24) / 2 ** 32,
  };
}
