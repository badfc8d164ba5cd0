import { deadlinesOf, type Entropy } from "@earshot/protocol/hotspot";

/**
 * How far a beacon's number may be ahead of the current one, which is counted from the latest entropy. One, because a
 * period begins elsewhere before its entropy arrives here; one more, because the latest may have waited at the broker for
 * most of its period.
 */
const AHEAD_PERIODS = 2;

/**
 * Which entropy numbers a beacon heard now may carry. Anybody can send 31 bytes that begin like a beacon; without this
 * check each would become a signed packet that the network can only refuse.
 *
 * The current number is counted from the latest entropy by elapsed time. Because that entropy may be old (a broker can
 * keep a message of yesterday), numbers around this machine's own time are accepted too. Together both accept some thirty
 * of 2^32 numbers.
 */
export class EntropyRange {
  #latest: { index: number; periodMs: number; behind: number; elapsedMs: number } | undefined;

  update(entropy: Entropy, elapsedMs: number): void {
    const { index, periodMs, validityMs } = entropy;
    const behind = Math.ceil(validityMs / periodMs) + Math.ceil(deadlinesOf(entropy).reportMs / periodMs);
    this.#latest = { index, periodMs, behind, elapsedMs };
  }

  /** True for every number until an entropy has come: a beacon that is dropped is not heard again. */
  includes(index: number, nowMs: number, elapsedMs: number): boolean {
    const latest = this.#latest;
    if (latest === undefined) return true;
    const { behind, periodMs } = latest;
    const isNear = (current: number) => index >= current - behind && index <= current + AHEAD_PERIODS;
    const passed = Math.floor((elapsedMs - latest.elapsedMs) / periodMs);
    return isNear(latest.index + passed) || isNear(Math.floor(nowMs / periodMs));
  }
}
