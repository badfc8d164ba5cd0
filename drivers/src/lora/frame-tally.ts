import { explainLoss, type Log, type LossReason, silentLog } from "@earshot/protocol/hotspot";
import type { FrameRefusals } from "../driver.ts";

/** Of so many frames the share that was refused is told: enough for a share, and a mended forwarder soon shows. */
const RECENT = 100;

/** What came of the frames of one radio: taken, or refused and why. Bounded by the table of reasons. */
export class FrameTally {
  readonly #log: Log;
  readonly #byReason = new Map<LossReason, number>();
  /** Newest last; `undefined` for a frame that was taken. */
  #recent: (LossReason | undefined)[] = [];

  /** @param log told the first of each reason */
  constructor(log: Log = silentLog) {
    this.#log = log;
  }

  take(): void {
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
      this.#log("warn", "Refused for the first time; more are counted only", { what: explainLoss(reason) });
  }

  get refusals(): FrameRefusals {
    const refused = this.#recent.filter((reason) => reason !== undefined);
    const reason = refused.at(-1);
    const recent = { frames: this.#recent.length, refused: refused.length };
    return { byReason: this.#byReason, recent: reason === undefined ? recent : { ...recent, reason } };
  }

  #remember(reason: LossReason | undefined): void {
    this.#recent.push(reason);
    if (this.#recent.length > RECENT) this.#recent.shift();
  }
}
