import type { ClockReading } from "@earshot/protocol/hotspot";
import { dropFalseFix } from "./false-fix.ts";
import type { GpsReading } from "./gps-reading.ts";
import { fromSky, fromTimeReport, fromTpv, type GpsdObject, modeOf, stateFromTpv } from "./gpsd-report.ts";

/** Older than this, it comes from a receiver, or a gpsd, that no longer sends it. */
const STATE_KEPT_MS = 60_000;
/** A pulse comes each second; while there are some, messages report nothing better. */
const PULSE_KEPT_MS = 5_000;
/** So long after a TPV with a mode, one without is only about antenna and jamming. */
const MODE_FLOWS_MS = 10_000;

interface Reported {
  elapsedMs: number;
  facts: Partial<GpsReading>;
}

/** One of gpsd's devices: its sky, its antenna and the host's clock, reported between the fixes. */
export class GpsdDevice {
  #sky: Reported | undefined;
  #state: Reported | undefined;
  #clock: Reported | undefined;
  #leapSeconds: Partial<GpsReading> = {};
  #modeElapsedMs = Number.NEGATIVE_INFINITY;

  /** The readings, none or one, that a report makes. */
  add(report: GpsdObject, present: ClockReading): GpsReading[] {
    const { elapsedMs } = present;
    if (report.class === "SKY") this.#addSky(report, elapsedMs);
    if (report.class === "PPS" || report.class === "TOFF") this.#addClock(fromTimeReport(report), elapsedMs);
    return report.class === "TPV" ? this.#addTpv(report, present) : [];
  }

  /** gpsd sends dilution more often than the list of satellites: a report without a list keeps the last one. */
  #addSky(report: GpsdObject, elapsedMs: number): void {
    const satellites = this.#sky?.facts.satellites;
    this.#sky = { elapsedMs, facts: { ...(satellites && { satellites }), ...fromSky(report) } };
  }

  #addClock(facts: Partial<GpsReading>, elapsedMs: number): void {
    if (facts.hostClockOffsetNs === undefined) return;
    const isPulsing = freshFacts(this.#clock, elapsedMs, PULSE_KEPT_MS).hostClockOffsetBy === "pulse";
    if (facts.hostClockOffsetBy === "pulse" || !isPulsing) this.#clock = { elapsedMs, facts };
  }

  /** A TPV of mode 0 may come beside each one with a fix, and does not end the fix. */
  #addTpv(report: GpsdObject, present: ClockReading): GpsReading[] {
    const { elapsedMs } = present;
    const { leapSeconds, ...state } = stateFromTpv(report);
    if (leapSeconds !== undefined) this.#leapSeconds = { leapSeconds };
    if (Object.keys(state).length > 0) {
      this.#state = { elapsedMs, facts: { ...freshFacts(this.#state, elapsedMs, STATE_KEPT_MS), ...state } };
    }
    if (modeOf(report) > 0) this.#modeElapsedMs = elapsedMs;
    else if (elapsedMs - this.#modeElapsedMs <= MODE_FLOWS_MS) return [];
    return [this.#reading(report, present)];
  }

  #reading(report: GpsdObject, { nowMs, elapsedMs }: ClockReading): GpsReading {
    return dropFalseFix({
      kind: "gps",
      atMs: nowMs,
      satellites: [],
      ...freshFacts(this.#sky, elapsedMs, STATE_KEPT_MS),
      ...freshFacts(this.#state, elapsedMs, STATE_KEPT_MS),
      ...freshFacts(this.#clock, elapsedMs, PULSE_KEPT_MS),
      ...this.#leapSeconds,
      ...fromTpv(report, nowMs),
    });
  }
}

const freshFacts = (
  reported: Reported | undefined,
  elapsedMs: number,
  keptMs: number,
): Partial<GpsReading> =>
  reported !== undefined && elapsedMs - reported.elapsedMs <= keptMs ? reported.facts : {};
