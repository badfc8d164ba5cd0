import type { StoredEpoch, StoredPayment } from "@earshot/gateway";
import type { Verdict } from "@earshot/protocol";

/** One closed epoch as the gateway stored it, and the result of verifying its bundle. */
export interface EpochResult {
  epoch: StoredEpoch;
  verdicts: VerdictTally;
  payments: readonly StoredPayment[];
  /** Root recomputed from the packets of the written bundle, 0x hex; undefined when it could not be. */
  recomputedRoot: string | undefined;
  /** The first difference that verifying the bundle found, as text. */
  difference?: string;
}

/** Counts of an epoch's verdicts: a long run cannot keep the verdicts themselves. */
export interface VerdictTally {
  /** Reports judged. */
  beacons: number;
  /** How many reports of a hotspot were paid, by its id. */
  paid: ReadonlyMap<string, Readonly<Record<Verdict["type"], number>>>;
  refused: readonly ReasonTally[];
  /** Valid, and not paid. */
  unpaid: readonly ReasonTally[];
}

/** Reports of one type that met one reason. */
export interface ReasonTally {
  type: Verdict["type"];
  reason: string;
  count: number;
  /** The first of them. */
  example: Verdict;
}

export function tallyVerdicts(verdicts: readonly Verdict[]): VerdictTally {
  const paid = new Map<string, Record<Verdict["type"], number>>();
  for (const { hotspotId, type, outcome } of verdicts) {
    if (outcome !== "paid") continue;
    const own = paid.get(hotspotId) ?? { beacon: 0, witness: 0 };
    own[type]++;
    paid.set(hotspotId, own);
  }
  return {
    beacons: verdicts.filter(({ type }) => type === "beacon").length,
    paid,
    refused: tallyReasons(verdicts, "refused"),
    unpaid: tallyReasons(verdicts, "unpaid"),
  };
}

/** Most frequent first. */
function tallyReasons(verdicts: readonly Verdict[], of: Verdict["outcome"]): ReasonTally[] {
  const tallies = new Map<string, ReasonTally>();
  for (const verdict of verdicts) {
    const { type, reason, outcome } = verdict;
    if (outcome !== of) continue;
    const key = `${type} ${reason}`;
    const tally = tallies.get(key);
    if (tally === undefined) tallies.set(key, { type, reason, count: 1, example: verdict });
    else tally.count++;
  }
  return [...tallies]
    .sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1))
    .map(([, tally]) => tally);
}
