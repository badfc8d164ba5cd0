import { sha256 } from "../hash.ts";
import { drawIndex } from "../schedule.ts";
import { reportedIndex } from "./group.ts";
import type { JudgingWorld, ReceivedBeacon, ReceivedWitness } from "./types.ts";

/**
 * The witnesses that are paid: all, or where they are more than `maxPaidWitnesses` those with the lowest SHA-256 of
 * beacon id, key and an entropy that nobody knew before the deadline: speed earns nothing.
 * @param valid at most one report of each hotspot
 */
export function drawPaid(
  beacon: ReceivedBeacon,
  valid: readonly ReceivedWitness[],
  world: JudgingWorld,
): ReadonlySet<ReceivedWitness> {
  const { maxPaidWitnesses } = world.parameters;
  if (valid.length <= maxPaidWitnesses) return new Set(valid);
  const entropy = world.drawEntropy(drawIndex(reportedIndex(beacon), world.parameters)) ?? new Uint8Array();
  const beaconId = Uint8Array.fromHex(beacon.id);
  const lots = valid.map((report) => ({
    report,
    lot: sha256(beaconId, report.publicKey, entropy).toHex(),
  }));
  lots.sort((a, b) => (a.lot < b.lot ? -1 : 1));
  return new Set(lots.slice(0, maxPaidWitnesses).map(({ report }) => report));
}
