import {
  type ClockReading,
  dutyCycleBand,
  dutyCycleWaitMs,
  type Region,
  toWallTime,
} from "@earshot/protocol/hotspot";

/** Of a band, as it survives a restart: when its silence ends, and how long it was as a whole. */
export interface Silence {
  untilMs: number;
  lengthMs: number;
}

/** By the band's lower edge in Hz. */
export type Silences = Readonly<Record<string, Silence>>;

interface RunningSilence {
  untilElapsedMs: number;
  lengthMs: number;
}

/** Keeps the region's duty cycles: after a transmission its band is silent for airtime · (1 / duty cycle − 1). */
export class DutyCycle {
  readonly #region: Region;
  readonly #timeCompression: number;
  #silences: Record<string, RunningSilence> = {};

  constructor(region: Region, timeCompression: number) {
    this.#region = region;
    this.#timeCompression = timeCompression;
  }

  /**
   * Goes on with the silences of an earlier run. Only the wall clock knows how long ago that was, and it may have been
   * wrong: no silence ends later than if it had just begun, and none has ended before the clock says so.
   */
  resume(silences: Silences, { nowMs, elapsedMs }: ClockReading): void {
    for (const [band, { untilMs, lengthMs }] of Object.entries(silences)) {
      const leftMs = Math.min(Math.max(0, untilMs - nowMs), lengthMs);
      this.#silences[band] = { untilElapsedMs: elapsedMs + leftMs, lengthMs };
    }
  }

  silences(present: ClockReading): Silences {
    const told = Object.entries(this.#silences).map(([band, { untilElapsedMs, lengthMs }]) => {
      return [band, { untilMs: toWallTime(untilElapsedMs, present), lengthMs }] as const;
    });
    return Object.fromEntries(told);
  }

  /** How long the channel has to be silent yet. */
  waitMs(freqHz: number, elapsedMs: number): number {
    return Math.max(0, Math.ceil((this.#silences[this.#bandOf(freqHz)]?.untilElapsedMs ?? 0) - elapsedMs));
  }

  /** A transmission of `airtimeMs` begins. Returns how to take it back when it did not go out after all. */
  occupy(freqHz: number, airtimeMs: number, elapsedMs: number): () => void {
    const band = this.#bandOf(freqHz);
    const before = this.#silences;
    const silenceMs = dutyCycleWaitMs(this.#region, freqHz, airtimeMs) / this.#timeCompression;
    const lengthMs = Math.ceil(airtimeMs + silenceMs);
    this.#silences = { ...before, [band]: { untilElapsedMs: elapsedMs + lengthMs, lengthMs } };
    return () => {
      this.#silences = before;
    };
  }

  #bandOf(freqHz: number): string {
    return String(dutyCycleBand(this.#region, freqHz)?.minHz ?? 0);
  }
}
