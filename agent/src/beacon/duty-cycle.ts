import {
  type ClockReading,
  dutyCycleBand,
  dutyCycleWaitMs,
  type Region,
  toWallTime,
} from "@earshot/protocol/hotspot";

/** The off-period of a band as it survives a restart: when it ends, and how long it is as a whole. */
export interface OffPeriod {
  untilMs: number;
  lengthMs: number;
}

/** By the band's lower edge in Hz. */
export type OffPeriods = Readonly<Record<string, OffPeriod>>;

interface RunningOffPeriod {
  untilElapsedMs: number;
  lengthMs: number;
}

/** Keeps the region's duty cycles: after a transmission its band is off for airtime · (1 / duty cycle − 1). */
export class DutyCycle {
  readonly #region: Region;
  readonly #timeCompression: number;
  #offPeriods: Record<string, RunningOffPeriod> = {};

  constructor(region: Region, timeCompression: number) {
    this.#region = region;
    this.#timeCompression = timeCompression;
  }

  /**
   * Continues the off-periods of an earlier run. Only the wall clock shows how long ago that was, and it may have been
   * wrong: no off-period lasts longer than if it had just begun, and none ends before the wall clock reaches its end.
   */
  resume(offPeriods: OffPeriods, { nowMs, elapsedMs }: ClockReading): void {
    for (const [band, { untilMs, lengthMs }] of Object.entries(offPeriods)) {
      const leftMs = Math.min(Math.max(0, untilMs - nowMs), lengthMs);
      this.#offPeriods[band] = { untilElapsedMs: elapsedMs + leftMs, lengthMs };
    }
  }

  offPeriods(present: ClockReading): OffPeriods {
    const entries = Object.entries(this.#offPeriods).map(([band, { untilElapsedMs, lengthMs }]) => {
      return [band, { untilMs: toWallTime(untilElapsedMs, present), lengthMs }] as const;
    });
    return Object.fromEntries(entries);
  }

  /** How long the channel must stay silent. */
  waitMs(freqHz: number, elapsedMs: number): number {
    return Math.max(0, Math.ceil((this.#offPeriods[this.#bandOf(freqHz)]?.untilElapsedMs ?? 0) - elapsedMs));
  }

  /** A transmission of `airtimeMs` begins. The function returned revokes it, for a transmission that did not go out. */
  occupy(freqHz: number, airtimeMs: number, elapsedMs: number): () => void {
    const band = this.#bandOf(freqHz);
    const before = this.#offPeriods;
    const offMs = dutyCycleWaitMs(this.#region, freqHz, airtimeMs) / this.#timeCompression;
    const lengthMs = Math.ceil(airtimeMs + offMs);
    this.#offPeriods = { ...before, [band]: { untilElapsedMs: elapsedMs + lengthMs, lengthMs } };
    return () => {
      this.#offPeriods = before;
    };
  }

  #bandOf(freqHz: number): string {
    return String(dutyCycleBand(this.#region, freqHz)?.minHz ?? 0);
  }
}
