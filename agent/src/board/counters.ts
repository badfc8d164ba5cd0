import { type ClockReading, type LossReason, toWallTime } from "@earshot/protocol/hotspot";
import type { BeaconingFacts } from "./agent-status.ts";

type LossCounts = Iterable<readonly [reason: LossReason, count: number]>;

/**
 * What was refused, dropped, lost or never sent since the agent started, by reason. Page, `/status.json` and status
 * packets all read these counts. Bounded by the table of reasons.
 */
export class LossCounters {
  readonly #own = new Map<LossReason, number>();
  readonly #elsewhere: () => LossCounts;

  /** @param elsewhere what others count themselves: drivers, the outbox */
  constructor(elsewhere: () => LossCounts = () => []) {
    this.#elsewhere = elsewhere;
  }

  add(reason: LossReason, count = 1): void {
    this.#own.set(reason, (this.#own.get(reason) ?? 0) + count);
  }

  /** Most first. */
  counts(): [reason: LossReason, count: number][] {
    const all = new Map(this.#own);
    for (const [reason, count] of this.#elsewhere()) all.set(reason, (all.get(reason) ?? 0) + count);
    return [...all].filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
  }
}

/** How many beacons were sent, and how many windows have gone by since the last of them. */
export class BeaconCounters {
  #sent = 0;
  #sentElapsedMs: number | undefined;
  #lostInARow = 0;
  #loss: { reason: LossReason; why: string; elapsedMs: number } | undefined;

  countSent(elapsedMs: number): void {
    this.#sent += 1;
    this.#sentElapsedMs = elapsedMs;
    this.#lostInARow = 0;
    this.#loss = undefined;
  }

  /** @param why for people; more than the reason where the radio gave more */
  countLost(reason: LossReason, why: string, windows: number, elapsedMs: number): void {
    this.#lostInARow += windows;
    this.#loss = { reason, why, elapsedMs };
  }

  facts(present: ClockReading): BeaconingFacts {
    const loss = this.#loss;
    return {
      sent: this.#sent,
      ...(this.#sentElapsedMs === undefined
        ? {}
        : { lastSentAtMs: toWallTime(this.#sentElapsedMs, present) }),
      lostInARow: this.#lostInARow,
      ...(loss === undefined
        ? {}
        : { loss: { reason: loss.reason, why: loss.why, atMs: toWallTime(loss.elapsedMs, present) } }),
    };
  }
}

const RATE_PERIOD_MS = 10_000;

/** Events a second, over the latest full 10 s. Needs no timer. */
export class RateMeter {
  #periodStartMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #previousCount = 0;

  add(elapsedMs: number, count = 1): void {
    this.#advanceTo(elapsedMs);
    this.#count += count;
  }

  perS(elapsedMs: number): number {
    this.#advanceTo(elapsedMs);
    return Math.max(this.#previousCount, this.#count) / (RATE_PERIOD_MS / 1000);
  }

  /** Starts a new period when the current one is over. */
  #advanceTo(elapsedMs: number): void {
    const passedMs = elapsedMs - this.#periodStartMs;
    if (passedMs < RATE_PERIOD_MS) return;
    this.#previousCount = passedMs < 2 * RATE_PERIOD_MS ? this.#count : 0;
    this.#count = 0;
    this.#periodStartMs = elapsedMs;
  }
}
