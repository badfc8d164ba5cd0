import type { GpsReading } from "../reading.ts";
import { ClockWatch } from "./clock-watch.ts";
import { flagsOf, type IntegritySummary } from "./integrity-summary.ts";
import { PositionWatch } from "./position-watch.ts";
import { ReceiverWatch } from "./receiver-watch.ts";
import { SignalWatch } from "./signal-watch.ts";
import { INTEGRITY_THRESHOLDS } from "./thresholds.ts";

/**
 * Watches a receiver whose antenna stands still, from whatever it offers: what it says of itself, how strong its
 * signals are, where it says that it is, and what time it tells. Pure: time is that of the readings. Memory is bounded.
 */
export class IntegrityMonitor {
  readonly #watches = [new ReceiverWatch(), new SignalWatch(), new PositionWatch(), new ClockWatch()];

  /** Readings in the order in which they came. */
  add(reading: GpsReading): void {
    for (const watch of this.#watches) watch.add(reading);
  }

  /** The minute up to `nowMs`, of the same clock as `atMs` of the readings. */
  summary(nowMs: number): IntegritySummary {
    const reports = this.#watches.map((watch) => watch.report(nowMs));
    const findings = reports.flatMap((one) => one.findings);
    const toMs = nowMs;
    const fromMs = nowMs - INTEGRITY_THRESHOLDS.windowMs;
    const facts = Object.assign({}, ...reports.map((one) => one.facts));
    return { fromMs, toMs, readings: 0, fixMode: 0, ...facts, flags: flagsOf(findings), findings };
  }
}
