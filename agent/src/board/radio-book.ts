import type { DeafAssessment, RadioFrame, RadioStatus } from "@earshot/drivers";
import type { ChannelFacts } from "./facts.ts";

/** A status, and how long the silence has lasted against what is usual. */
export type HeardStatus = RadioStatus & { hearing?: DeafAssessment };

/** A concentrator that said nothing of itself for so long is not there any more. */
const STATUS_KEPT_MS = 600_000;
const MAX_CONCENTRATORS = 16;
/** Channel plans have up to 72; frequencies that no plan has are counted until then. */
const MAX_CHANNELS = 96;

/** What the radio heard, by channel, and what its concentrators say of themselves. Bounded. */
export class RadioBook {
  framesHeard = 0;
  lastFrameAtMs: number | undefined;
  readonly #statuses = new Map<string, HeardStatus>();
  readonly #channels = new Map<number, ChannelFacts>();

  addStatus(status: RadioStatus, hearing?: DeafAssessment): void {
    const key = status.gatewayEui ?? "";
    this.#statuses.delete(key);
    this.#statuses.set(key, hearing === undefined ? status : { ...status, hearing });
    const [oldest] = this.#statuses.keys();
    if (this.#statuses.size > MAX_CONCENTRATORS && oldest !== undefined) this.#statuses.delete(oldest);
  }

  /** Newest first. */
  statuses(nowMs: number): HeardStatus[] {
    return [...this.#statuses.values()].filter(({ atMs }) => nowMs - atMs <= STATUS_KEPT_MS).reverse();
  }

  addFrame({ atMs, freqHz, rssiDbm }: RadioFrame): void {
    this.framesHeard += 1;
    this.lastFrameAtMs = atMs;
    const known = this.#channels.get(freqHz);
    if (known === undefined && this.#channels.size >= MAX_CHANNELS) return;
    const best = Math.max(
      known?.bestRssiDbm ?? Number.NEGATIVE_INFINITY,
      rssiDbm ?? Number.NEGATIVE_INFINITY,
    );
    this.#channels.set(freqHz, {
      freqHz,
      frames: (known?.frames ?? 0) + 1,
      lastAtMs: atMs,
      ...(Number.isFinite(best) ? { bestRssiDbm: best } : {}),
    });
  }

  channels(): ChannelFacts[] {
    return [...this.#channels.values()].toSorted((one, other) => one.freqHz - other.freqHz);
  }
}
