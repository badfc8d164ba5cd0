import { groupReports, type Hotspot, judgeGroup, type NetworkParameters } from "@earshot/protocol";
import type { Store, StoredBeacon, StoredPacket, StoredVerdict } from "../store/store.ts";
import { reportOf, worldOf } from "./world.ts";

export interface Judgement {
  verdicts: StoredVerdict[];
  proven: StoredBeacon[];
}

/** Judges reports about one entropy index, filed under one epoch. */
export async function judgeReports(
  about: { entropyIndex: number; epoch: number; packets: readonly StoredPacket[] },
  judging: {
    parameters: NetworkParameters;
    hotspots: ReadonlyMap<string, Hotspot>;
    store: Store;
    judgedAtMs: number;
  },
): Promise<Judgement> {
  const { entropyIndex, epoch } = about;
  const { hotspots, judgedAtMs, parameters, store } = judging;
  const reports = about.packets.map(reportOf);
  const world = await worldOf({ entropyIndex, epoch, reports }, parameters, hotspots, store);
  const judgements = groupReports(reports).map((group) => judgeGroup(group, world));
  return {
    verdicts: judgements.flatMap(({ verdicts }) =>
      verdicts.map((verdict) => ({ ...verdict, epoch, entropyIndex, judgedAtMs })),
    ),
    proven: judgements.flatMap(({ proven }) =>
      proven === undefined ? [] : [{ ...proven, epoch, entropyIndex }],
    ),
  };
}
