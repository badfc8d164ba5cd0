import type { HeliumJudgement } from "./judge.ts";

/** Latest receive times by hotspot, as in Helium's tables of last beacons and last witnesses. */
export interface HeliumHistory {
  lastBeaconMs: Map<string, number>;
  lastWitnessedBeaconMs: Map<string, number>;
  lastWitnessMs: Map<string, number>;
}

/** A copy to be changed, of an earlier history or empty. */
export const heliumHistory = (before?: HeliumHistory): HeliumHistory => ({
  lastBeaconMs: new Map(before?.lastBeaconMs),
  lastWitnessedBeaconMs: new Map(before?.lastWitnessedBeaconMs),
  lastWitnessMs: new Map(before?.lastWitnessMs),
});

/** Adds one judgement. The last judged counts, not the latest received. */
export function record(history: HeliumHistory, { beacon, records }: HeliumJudgement): void {
  const { hotspotKey, receivedAtMs } = beacon;
  if (records.isBeacon) history.lastBeaconMs.set(hotspotKey, receivedAtMs);
  if (records.isWitnessedBeacon) history.lastWitnessedBeaconMs.set(hotspotKey, receivedAtMs);
  for (const witness of records.witnesses)
    history.lastWitnessMs.set(witness.hotspotKey, witness.receivedAtMs);
}
