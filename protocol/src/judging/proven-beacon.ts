import { sha256 } from "../crypto/sha256.ts";
import { drawIndex } from "../time/schedule.ts";
import type { JudgingContext, ReceivedBeacon, ReceivedWitness, Refusals } from "./types.ts";

/** A beacon that was validly heard, and whom it pays, by id. */
export interface ProvenBeacon {
  beaconKey: string;
  beaconer: string;
  /** The paid witnesses, sorted by id. */
  witnesses: string[];
}

/** Reasons of reports that pass every rule but earn nothing. */
export const NOT_HEARD = "not_heard";
export const NOT_DRAWN = "not_drawn";

/** A beacon and its witnesses that pass every rule. */
export interface ValidReports {
  beacon: ReceivedBeacon;
  witnesses: ReceivedWitness[];
}

/** Who is paid. Beacons that nobody validly heard, and witnesses that were not drawn, earn nothing: adds why to `refusals`. */
export function proveBeacon(
  key: string,
  validReports: ValidReports | undefined,
  judging: JudgingContext,
  refusals: Refusals,
): ProvenBeacon | undefined {
  if (validReports === undefined) return undefined;
  const { beacon, witnesses: valid } = validReports;
  if (valid.length === 0) {
    refusals.set(beacon, { reason: NOT_HEARD, measurements: [] });
    return undefined;
  }
  const paid = drawPaid(beacon, valid, judging);
  for (const report of valid) {
    if (paid.has(report)) continue;
    refusals.set(report, { reason: NOT_DRAWN, measurements: [{ name: "valid", value: valid.length }] });
  }
  const witnesses = [...paid].map((report) => report.hotspotId).sort();
  return { beaconKey: key, beaconer: beacon.hotspotId, witnesses };
}

/**
 * The witnesses that are paid: all, or where they are more than `maxPaidWitnesses` those with the lowest SHA-256 of
 * beacon id, key and an entropy that nobody knew before the deadline: speed earns nothing.
 * @param valid at most one report of each hotspot
 */
function drawPaid(
  beacon: ReceivedBeacon,
  valid: readonly ReceivedWitness[],
  judging: JudgingContext,
): ReadonlySet<ReceivedWitness> {
  const { maxPaidWitnesses } = judging.parameters;
  if (valid.length <= maxPaidWitnesses) return new Set(valid);
  const entropy =
    judging.drawEntropy(drawIndex(beacon.packet.entropyIndex, judging.parameters)) ?? new Uint8Array();
  const beaconId = Uint8Array.fromHex(beacon.id);
  const lots = valid.map((report) => ({
    report,
    lot: sha256(beaconId, report.publicKey, entropy).toHex(),
  }));
  lots.sort((a, b) => (a.lot < b.lot ? -1 : 1));
  return new Set(lots.slice(0, maxPaidWitnesses).map(({ report }) => report));
}
