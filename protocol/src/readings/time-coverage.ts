/** How much of a stretch of time periods cover. */
export interface Coverage {
  coveredMs: number;
  /** At least 1. */
  expectedMs: number;
  /** Silences of half a period or more. */
  gaps: number;
  missingMs: number;
  longestGapMs: number;
}

interface Period {
  /** End of the period. */
  atMs: number;
  periodMs: number;
}

/** The newest period is still running and its packet on the way: nobody misses them yet. */
const PERIODS_UNDER_WAY = 2;

/**
 * Time instead of numbers of packets: however many packets say the same, and whatever the length of their periods, a
 * moment is covered once. A silence of less than half a period is a timer that was late.
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
  const silences = silencesIn(periods, fromMs, toMs);
  const missingMs = silences.reduce((sum, ms) => sum + ms, 0);
  const expectedMs = toMs - fromMs;
  return {
    coveredMs: expectedMs - missingMs,
    expectedMs,
    gaps: silences.length,
    missingMs,
    longestGapMs: silences.reduce((longest, ms) => Math.max(longest, ms), 0),
  };
}

function silencesIn(periods: readonly Period[], fromMs: number, toMs: number): number[] {
  const silences: number[] = [];
  let coveredToMs = fromMs;
  const silent = (untilMs: number, periodMs: number) => {
    if (untilMs - coveredToMs > 0 && 2 * (untilMs - coveredToMs) >= periodMs)
      silences.push(untilMs - coveredToMs);
  };
  for (const { atMs, periodMs } of periods) {
    silent(atMs - periodMs, periodMs);
    coveredToMs = Math.max(coveredToMs, atMs);
  }
  silent(toMs, periods.at(-1)?.periodMs ?? 1);
  return silences;
}
