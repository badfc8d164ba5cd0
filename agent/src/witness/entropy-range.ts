import { DEFAULT_DEADLINE_PERIODS, type Entropy } from "@earshot/protocol/hotspot";

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
  #latest: (Pick<Entropy, "index" | "periodMs" | "validityMs"> & { elapsedMs: number }) | undefined;

  update({ index, periodMs, validityMs }: Entropy, elapsedMs: number): void {
    this.#latest = { index, periodMs, validityMs, elapsedMs };
  }

  /** True for every number until an entropy has come: a beacon that is dropped is not heard again. */
  includes(index: number, nowMs: number, elapsedMs: number): boolean {
    const latest = this.#latest;
    if (latest === undefined) return true;
    const { periodMs, validityMs } = latest;
    const behind = Math.ceil(validityMs / periodMs) + DEFAULT_DEADLINE_PERIODS;
    const isNear = (current: number) => index >= current - behind && index <= current + AHEAD_PERIODS;
    const passed = Math.floor((elapsedMs - latest.elapsedMs) / periodMs);
    return isNear(latest.index + passed) || isNear(Math.floor(nowMs / periodMs));
  }
}
