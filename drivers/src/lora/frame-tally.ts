import { type Clock, explainLoss, type Log, type LossReason, silentLog } from "@earshot/protocol/hotspot";
import type { FrameRefusals } from "../driver.ts";

/** Of so many frames, none older, the share that was refused is shown: where few are heard, a repaired forwarder shows too. */
const RECENT = 100;
const RECENT_MS = 3_600_000;

/** What became of the frames of one radio: accepted, or refused and why. Bounded by the table of reasons. */
export class FrameTally {
  readonly #clock: Pick<Clock, "elapsedMs">;
  readonly #log: Log;
  readonly #byReason = new Map<LossReason, number>();
  /** Newest last; `undefined` for a frame that was accepted. */
  readonly #recent: { reason: LossReason | undefined; elapsedMs: number }[] = [];

  /** @param log gets the first of each reason */
  constructor(clock: Pick<Clock, "elapsedMs">, log: Log = silentLog) {
    this.#clock = clock;
    this.#log = log;
  }

  accept(): void {
    this.#remember(undefined);
  }

  /** A frame that was refused. */
  refuse(reason: LossReason): void {
    this.count(reason);
    this.#remember(reason);
  }

  /** Something else than a frame was refused. */
  count(reason: LossReason, times = 1): void {
    if (times === 0) return;
    const before = this.#byReason.get(reason) ?? 0;
    this.#byReason.set(reason, before + times);
    if (before === 0)
      this.#log.warn("Refused for the first time; more are counted only", { what: explainLoss(reason) });
    else this.#log.debug("Refused", { reason, times });
  }

  get refusals(): FrameRefusals {
    const fromMs = this.#clock.elapsedMs() - RECENT_MS;
    const frames = this.#recent.filter(({ elapsedMs }) => elapsedMs >= fromMs);
    const refused = frames.filter((frame) => frame.reason !== undefined);
    const reason = refused.at(-1)?.reason;
    const recent = { frames: frames.length, refused: refused.length };
    return { byReason: this.#byReason, recent: reason === undefined ? recent : { ...recent, reason } };
  }

  #remember(reason: LossReason | undefined): void {
    this.#recent.push({ reason, elapsedMs: this.#clock.elapsedMs() });
    if (this.#recent.length > RECENT) this.#recent.shift();
  }
}
