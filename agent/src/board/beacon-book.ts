import { type LossReason, type Present, wallTimeOf } from "@earshot/protocol/hotspot";
import type { BeaconingFacts } from "./facts.ts";

/** How beaconing goes, over windows: what went out, and what was lost since the last that did. */
export class BeaconBook {
  #sent = 0;
  #sentElapsedMs: number | undefined;
  #lostInARow = 0;
  #loss: { reason: LossReason; why: string; elapsedMs: number } | undefined;

  send(elapsedMs: number): void {
    this.#sent += 1;
    this.#sentElapsedMs = elapsedMs;
    this.#lostInARow = 0;
    this.#loss = undefined;
  }

  /** @param why for people; more than the reason where the radio said more */
  lose(reason: LossReason, why: string, windows: number, elapsedMs: number): void {
    this.#lostInARow += windows;
    this.#loss = { reason, why, elapsedMs };
  }

  facts(present: Present): BeaconingFacts {
    const loss = this.#loss;
    return {
      sent: this.#sent,
      ...(this.#sentElapsedMs === undefined
        ? {}
        : { lastSentAtMs: wallTimeOf(this.#sentElapsedMs, present) }),
      lostInARow: this.#lostInARow,
      ...(loss === undefined
        ? {}
        : { loss: { reason: loss.reason, why: loss.why, atMs: wallTimeOf(loss.elapsedMs, present) } }),
    };
  }
}
