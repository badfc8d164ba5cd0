import { dutyCycleBand, dutyCycleWaitMs, type Region } from "@earshot/protocol/hotspot";

/** Until when each band must stay silent, by the band's lower edge in Hz. Survives restarts as JSON. */
export type SilentUntilMs = Readonly<Record<string, number>>;

/** Keeps the region's duty cycles: after a transmission its band is silent for airtime · (1 / duty cycle − 1). */
export class DutyCycle {
  readonly #region: Region;
  readonly #timeCompression: number;
  #silentUntilMs: Record<string, number>;

  constructor(region: Region, timeCompression: number, silentUntilMs: SilentUntilMs) {
    this.#region = region;
    this.#timeCompression = timeCompression;
    this.#silentUntilMs = { ...silentUntilMs };
  }

  get silentUntilMs(): SilentUntilMs {
    return this.#silentUntilMs;
  }

  /** When the channel may be used, at the earliest; 0 when at any time. */
  freeAtMs(freqHz: number): number {
    return this.#silentUntilMs[this.#bandOf(freqHz)] ?? 0;
  }

  /** A transmission of `airtimeMs` begins at `atMs`. Returns how to take it back when it did not go out after all. */
  occupy(freqHz: number, airtimeMs: number, atMs: number): () => void {
    const band = this.#bandOf(freqHz);
    const before = this.#silentUntilMs;
    const silenceMs = dutyCycleWaitMs(this.#region, freqHz, airtimeMs) / this.#timeCompression;
    this.#silentUntilMs = { ...before, [band]: Math.ceil(atMs + airtimeMs + silenceMs) };
    return () => {
      this.#silentUntilMs = before;
    };
  }

  #bandOf(freqHz: number): string {
    return String(dutyCycleBand(this.#region, freqHz)?.minHz ?? 0);
  }
}
