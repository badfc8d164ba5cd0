/** How much of a stretch of time periods cover. */
interface Coverage {
  coveredMs: number;
  /** At least 1. */
  expectedMs: number;
  /** Gaps of half a period or more. */
  gaps: number;
  missingMs: number;
  longestGapMs: number;
}

interface Period {
  /** End of the period. */
  atMs: number;
  /** At least 1. */
  periodMs: number;
}

/** The newest period is still running and its packet on the way: they are not missing yet. */
const PERIODS_UNDER_WAY = 2;

/**
 * Measures time instead of counting packets: however many packets cover a moment, and however long their periods are, it
 * is covered once. A gap of less than half a period is a timer that was late.
 * @param periods in order of their ends, at least one
 */
export function coverage(
  periods: readonly Period[],
  { sinceMs, untilMs }: { sinceMs?: number; untilMs: number },
): Coverage {
  const [first, last] = [periods[0] as Period, periods.at(-1) as Period];
  const firstBeganMs = first.atMs - first.periodMs;
  const fromMs = Math.min(sinceMs ?? firstBeganMs, firstBeganMs);
  const toMs = Math.max(last.atMs, untilMs - PERIODS_UNDER_WAY * last.periodMs);
  const gaps = gapsIn(periods, fromMs, toMs);
  const missingMs = gaps.reduce((sum, ms) => sum + ms, 0);
  const expectedMs = toMs - fromMs;
  return {
    coveredMs: expectedMs - missingMs,
    expectedMs,
    gaps: gaps.length,
    missingMs,
    longestGapMs: gaps.reduce((longest, ms) => Math.max(longest, ms), 0),
  };
}

function gapsIn(periods: readonly Period[], fromMs: number, toMs: number): number[] {
  const gaps: number[] = [];
  let coveredToMs = fromMs;
  const addGap = (untilMs: number, periodMs: number) => {
    if (2 * (untilMs - coveredToMs) >= periodMs) gaps.push(untilMs - coveredToMs);
  };
  for (const { atMs, periodMs } of periods) {
    addGap(atMs - periodMs, periodMs);
    coveredToMs = Math.max(coveredToMs, atMs);
  }
  addGap(toMs, periods.at(-1)?.periodMs ?? 1);
  return gaps;
}
