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
  atMs: number;
  facts: Partial<GpsReading>;
}

/** One of gpsd's devices: its sky, its antenna and the host's clock, told between the fixes. */
export class GpsdDevice {
  #sky: Told | undefined;
  #state: Told | undefined;
  #clock: Told | undefined;
  #leapSeconds: Partial<GpsReading> = {};
  #modeAtMs = Number.NEGATIVE_INFINITY;

  /** The readings, none or one, that a report makes. */
  take(report: GpsdObject, nowMs: number): GpsReading[] {
    if (report.class === "SKY") this.#addSky(report, nowMs);
    if (report.class === "PPS" || report.class === "TOFF") this.#addClock(fromTimeReport(report), nowMs);
    return report.class === "TPV" ? this.#takeTpv(report, nowMs) : [];
  }

  /** gpsd sends dilution more often than the list of satellites: a report without a list keeps the last one. */
  #addSky(report: GpsdObject, nowMs: number): void {
    const satellites = this.#sky?.facts.satellites;
    this.#sky = { atMs: nowMs, facts: { ...(satellites && { satellites }), ...fromSky(report) } };
  }

  #addClock(facts: Partial<GpsReading>, nowMs: number): void {
    if (facts.hostClockOffsetNs === undefined) return;
    const { facts: before, atMs = 0 } = this.#clock ?? {};
    const pulsing = before?.hostClockOffsetBy === "pulse" && isFresh(atMs, nowMs, PULSE_KEPT_MS);
    if (facts.hostClockOffsetBy === "pulse" || !pulsing) this.#clock = { atMs: nowMs, facts };
  }

  /** A TPV of mode 0 may come beside each one with a fix, and does not take the fix away. */
  #takeTpv(report: GpsdObject, nowMs: number): GpsReading[] {
    const { leapSeconds, ...state } = stateFromTpv(report);
    if (leapSeconds !== undefined) this.#leapSeconds = { leapSeconds };
    const before = this.#state !== undefined && isFresh(this.#state.atMs, nowMs, STATE_KEPT_MS);
    if (Object.keys(state).length > 0) {
      this.#state = { atMs: nowMs, facts: { ...(before ? this.#state?.facts : {}), ...state } };
    }
    if (modeOf(report) > 0) this.#modeAtMs = nowMs;
    else if (isFresh(this.#modeAtMs, nowMs, MODE_FLOWS_MS)) return [];
    return [this.#reading(report, nowMs)];
  }

  #reading(report: GpsdObject, nowMs: number): GpsReading {
    return withoutFalseFix({
      kind: "gps",
      atMs: nowMs,
      satellites: [],
      ...freshFacts(this.#sky, nowMs, STATE_KEPT_MS),
      ...freshFacts(this.#state, nowMs, STATE_KEPT_MS),
      ...freshFacts(this.#clock, nowMs, PULSE_KEPT_MS),
      ...this.#leapSeconds,
      ...fromTpv(report, nowMs),
    });
  }
}

/** A host clock that was set back makes nothing stale. */
const isFresh = (atMs: number, nowMs: number, keptMs: number): boolean => nowMs - atMs <= keptMs;

const freshFacts = (told: Told | undefined, nowMs: number, keptMs: number): Partial<GpsReading> =>
  told !== undefined && isFresh(told.atMs, nowMs, keptMs) ? told.facts : {};
