import { formatSeconds } from "../network/format-measurement.ts";
import { entropyTimeMs } from "../time/schedule.ts";
import type { JudgingContext, ReceivedReport, ReportTimes, Rule } from "./types.ts";

/** What the rules about a hotspot's clocks judge by. */
interface ClockContext {
  report: ReceivedReport;
  judging: JudgingContext;
}

/** A report cannot arrive before it was made: compares the hotspot's clock with the gateway's. */
export const timeAhead: Rule<ClockContext> = {
  reason: "time_ahead",
  check({ report, judging: { parameters } }) {
    const aheadMs = report.packet.atMs - report.receivedAtMs;
    return aheadMs > parameters.clockSkewMs ? [{ name: "aheadMs", value: aheadMs }] : undefined;
  },
  explain: ({ aheadMs }) =>
    `The hotspot's clock is at least ${formatSeconds(aheadMs)} ahead of the gateway's: set it by NTP or GPS.`,
};

/** The 32-bit counter of microseconds starts again after 71.6 minutes. */
const COUNTER_PERIOD_MS = 2 ** 32 / 1000;

/**
 * Concentrators have crystals of 0.5 to 20 ppm (Semtech's software accepts ±10 ppm), cheap modems worse ones. Over an
 * epoch of a day 50 ppm are 4.3 s.
 */
const COUNTER_DRIFT_PPM = 50;

/**
 * Between two reports of a hotspot its concentrator's counter must advance by as much as its clock, modulo 2^32 µs; or
 * the concentrator was restarted in between, and then the counter shows at most the time since. After more than one
 * wrap a restart explains any value.
 *
 * The clock may be off by `clockSkewMs` either way at both reports (NTP may have set it in between), reports need not be
 * numbered in the order in which they were made, and receivers without a counter are not judged. Neither is a report
 * whose predecessor was made with a wrong clock: that one is refused by another rule, and the clock was set since.
 */
export const counterMismatch: Rule<ClockContext> = {
  reason: "counter_mismatch",
  check({ report, judging }) {
    const { atMs, tmstUs } = report.packet;
    if (tmstUs === null) return undefined;
    const earlier = judging.earlierReport(report);
    if (earlier === undefined || earlier.tmstUs === null || !hasRightTime(earlier, judging)) return undefined;
    const passedMs = atMs - earlier.atMs;
    const strayedMs = strayMs(passedMs, tmstUs - earlier.tmstUs);
    const { tmstToleranceMs, clockSkewMs } = judging.parameters;
    const driftMs = Math.ceil((Math.abs(passedMs) * COUNTER_DRIFT_PPM) / 1_000_000);
    const toleranceMs = tmstToleranceMs + 2 * clockSkewMs + driftMs;
    if (Math.abs(strayedMs) <= toleranceMs) return undefined;
    if (mayHaveRestarted({ atMs, tmstUs }, earlier, toleranceMs)) return undefined;
    return [
      { name: "passedMs", value: passedMs },
      { name: "strayedMs", value: strayedMs },
      { name: "toleranceMs", value: toleranceMs },
    ];
  },
  explain: ({ passedMs = 0, strayedMs = 0, toleranceMs }) =>
    `The concentrator's counter and the clock disagree by ${formatSeconds(Math.abs(strayedMs))} over ${formatSeconds(Math.abs(passedMs))} (${formatSeconds(toleranceMs)} are allowed): look for a clock that was set, or two concentrators behind one agent.`,
};

/** Whether the clock was right: a beacon is heard while its entropy is valid, or shortly after (`outside_validity`). */
function hasRightTime({ entropyIndex, atMs }: ReportTimes, { parameters }: JudgingContext): boolean {
  const { clockSkewMs, entropyValidityMs, hearingDelayMs } = parameters;
  const afterMs = atMs - entropyTimeMs(entropyIndex, parameters);
  return afterMs >= -clockSkewMs && afterMs <= entropyValidityMs + clockSkewMs + hearingDelayMs;
}

/** How much more the counter advanced than the clock, whole ms, with the number of wraps that fits best. */
function strayMs(passedMs: number, countedUs: number): number {
  const strayedMs = countedUs / 1000 - passedMs;
  return Math.round(strayedMs - Math.round(strayedMs / COUNTER_PERIOD_MS) * COUNTER_PERIOD_MS) + 0;
}

/** Whether the later of the two (unclear when they are close) may count from a restart that came after the other. */
function mayHaveRestarted(
  a: { atMs: number; tmstUs: number },
  b: Omit<ReportTimes, "entropyIndex">,
  toleranceMs: number,
): boolean {
  const passedMs = a.atMs - b.atMs;
  const counts = (tmstUs: number | null, sinceMs: number) =>
    tmstUs !== null && tmstUs / 1000 <= sinceMs + toleranceMs;
  return counts(a.tmstUs, passedMs) || counts(b.tmstUs, -passedMs);
}
