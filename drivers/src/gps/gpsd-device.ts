import type { Present } from "@earshot/protocol/hotspot";
import { withoutFalseFix } from "./false-fix.ts";
import { fromSky, fromTimeReport, fromTpv, type GpsdObject, modeOf, stateFromTpv } from "./gpsd-report.ts";
import type { GpsReading } from "./reading.ts";

/** What is older than this was said by a receiver, or a gpsd, that says it no more. */
const STATE_KEPT_MS = 60_000;
/** A pulse comes each second; while there are some, messages tell nothing better. */
const PULSE_KEPT_MS = 5_000;
/** So long after a TPV with a mode, one without is only about antenna and jamming. */
const MODE_FLOWS_MS = 10_000;

interface Told {
  elapsedMs: number;
  facts: Partial<GpsReading>;
}

/** One of gpsd's devices: its sky, its antenna and the host's clock, told between the fixes. */
export class GpsdDevice {
  #sky: Told | undefined;
  #state: Told | undefined;
  #clock: Told | undefined;
  #leapSeconds: Partial<GpsReading> = {};
  #modeElapsedMs = Number.NEGATIVE_INFINITY;

  /** The readings, none or one, that a report makes. */
  take(report: GpsdObject, present: Present): GpsReading[] {
    const { elapsedMs } = present;
    if (report.class === "SKY") this.#addSky(report, elapsedMs);
    if (report.class === "PPS" || report.class === "TOFF") this.#addClock(fromTimeReport(report), elapsedMs);
    return report.class === "TPV" ? this.#takeTpv(report, present) : [];
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

  /** A TPV of mode 0 may come beside each one with a fix, and does not take the fix away. */
  #takeTpv(report: GpsdObject, present: Present): GpsReading[] {
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

  #reading(report: GpsdObject, { nowMs, elapsedMs }: Present): GpsReading {
    return withoutFalseFix({
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

const freshFacts = (told: Told | undefined, elapsedMs: number, keptMs: number): Partial<GpsReading> =>
  told !== undefined && elapsedMs - told.elapsedMs <= keptMs ? told.facts : {};
