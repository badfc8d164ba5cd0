import type { GpsReading } from "../gps-reading.ts";
import { ClockWatch } from "./clock-watch.ts";
import { flagsOf, type IntegritySummary } from "./integrity-summary.ts";
import { PositionWatch } from "./position-watch.ts";
import { ReceiverWatch } from "./receiver-watch.ts";
import { SignalWatch } from "./signal-watch.ts";
import { INTEGRITY_THRESHOLDS } from "./thresholds.ts";

/**
 * Watches a receiver whose antenna stands still, from whatever it offers: what it reports of itself, how strong its
 * signals are, where it places itself, and what time it reports. Pure: time is passed in, and what lasts is measured by
 * the monotonic clock, so that setting the host's clock disturbs nothing. Memory is bounded.
 */
export class IntegrityMonitor {
  readonly #watches = [new ReceiverWatch(), new SignalWatch(), new PositionWatch()];
  readonly #clockWatch = new ClockWatch();

  /**
   * Readings in the order in which they came.
   *
   * @param elapsedMs when it came, by the monotonic clock; in a recording its `atMs`, of a clock that was not set
   */
  add(reading: GpsReading, elapsedMs = reading.atMs): void {
    const timed = { ...reading, atMs: elapsedMs };
    for (const watch of this.#watches) watch.add(timed);
    this.#clockWatch.add(reading, elapsedMs);
  }

  /**
   * The latest minute.
   *
   * @param elapsedMs now, by the same clock as in `add`
   * @param nowMs the wall time, to be reported
   */
  summary(elapsedMs: number, nowMs = elapsedMs): IntegritySummary {
    const reports = [...this.#watches, this.#clockWatch].map((watch) => watch.report(elapsedMs));
    const findings = reports.flatMap((one) => one.findings);
    const toMs = nowMs;
    const fromMs = nowMs - INTEGRITY_THRESHOLDS.windowMs;
    const facts = Object.assign({}, ...reports.map((one) => one.facts));
    return { fromMs, toMs, readings: 0, fixMode: 0, ...facts, flags: flagsOf(findings), findings };
  }
}
