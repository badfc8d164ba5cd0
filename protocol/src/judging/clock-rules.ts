import { entropyTimeMs } from "../time/schedule.ts";
import { formatSeconds } from "./format-measurement.ts";
import type { JudgingContext, ReceivedReport, ReportTimes, Rule } from "./types.ts";

/** What the rules about a hotspot's clocks look at. */
interface ClockContext {
  report: ReceivedReport;
  judging: JudgingContext;
}

/** Nothing arrives before it was made: the hotspot's clock against the gateway's. */
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
 * Concentrators run on crystals good for 0.5 to 20 ppm (Semtech's own software takes ±10 ppm for sane), cheap modems
 * on worse. An epoch of a day at 50 ppm is 4.3 s.
 */
const COUNTER_DRIFT_PPM = 50;

/**
 * Between two reports of a hotspot its concentrator's counter must advance by as much as its clock, give or take full
 * turns; or the concentrator was restarted in between, and then it cannot count more than the time since. After
 * longer than one turn a restart explains every count.
 *
 * The clock may be off by `clockSkewMs` either way at both ends (NTP sets it right in between), reports need not be
 * numbered in the order in which things happened, and receivers without a counter are not judged. Nor is who was not
 * dated right when the earlier one was made, which is refused for that: the clock has been set since.
 */
export const counterMismatch: Rule<ClockContext> = {
  reason: "counter_mismatch",
  check({ report, judging }) {
    const { atMs, tmstUs } = report.packet;
    if (tmstUs === null) return undefined;
    const earlier = judging.earlierReport(report);
    if (earlier === undefined || earlier.tmstUs === null || !isDated(earlier, judging)) return undefined;
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

/** Whether the clock was right: a beacon is heard while its entropy holds, or soon after (`outside_validity`). */
function isDated({ entropyIndex, atMs }: ReportTimes, { parameters }: JudgingContext): boolean {
  const { clockSkewMs, entropyValidityMs, hearingDelayMs } = parameters;
  const afterMs = atMs - entropyTimeMs(entropyIndex, parameters);
  return afterMs >= -clockSkewMs && afterMs <= entropyValidityMs + clockSkewMs + hearingDelayMs;
}

/** How much more the counter advanced than the clock, whole ms, by the number of full turns that fits best. */
function strayMs(passedMs: number, countedUs: number): number {
  const strayedMs = countedUs / 1000 - passedMs;
  return Math.round(strayedMs - Math.round(strayedMs / COUNTER_PERIOD_MS) * COUNTER_PERIOD_MS) + 0;
}

/** Whichever of the two was later (unclear when they are near each other) counts from a restart after the other. */
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
