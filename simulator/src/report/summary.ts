import type { EpochResult, ReasonTally, VerdictTally } from "./epoch-result.ts";

/** The last line of a run. Amounts in smallest units, decimal; roots of the last epoch, 0x hex. */
interface Summary {
  epochs: number;
  hotspots: number;
  /** Beacon reports judged. */
  beacons: number;
  witnessesPaid: number;
  /** All witness reports that were not paid, by reason: those that rules refused, and those that were not drawn. */
  witnessesRefused: Record<string, number>;
  pool: string;
  paid: string;
  unallocated: string;
  root: string;
  recomputedRoot: string;
}

const NO_ROOT = "";

/** Sums epochs up. Reasons are sorted by name, so that the same results read the same. */
export function summarize(hotspots: number, results: readonly EpochResult[]): Summary {
  const count = (of: (verdicts: VerdictTally) => number) =>
    results.reduce((total, { verdicts }) => total + of(verdicts), 0);
  const sum = (amount: (result: EpochResult) => bigint) =>
    results.reduce((total, result) => total + amount(result), 0n).toString();
  const last = results.at(-1);
  return {
    epochs: results.length,
    hotspots,
    beacons: count(({ beacons }) => beacons),
    witnessesPaid: count(({ paid }) => [...paid.values()].reduce((total, { witness }) => total + witness, 0)),
    witnessesRefused: countReasons(
      results.flatMap(({ verdicts }) => [...verdicts.refused, ...verdicts.unpaid]),
    ),
    pool: sum(({ epoch }) => epoch.pool),
    paid: sum(({ epoch }) => epoch.paid),
    unallocated: sum(({ epoch }) => epoch.unallocated),
    root: last === undefined ? NO_ROOT : `0x${last.epoch.root.toHex()}`,
    recomputedRoot: last?.recomputedRoot ?? NO_ROOT,
  };
}

function countReasons(tallies: readonly ReasonTally[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { type, reason, count } of tallies) {
    if (type === "witness") counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
