import { DEFAULT_DEADLINE_PERIODS, type Entropy } from "@earshot/protocol/hotspot";

/**
 * How far beyond the number counted on from the latest entropy a beacon may lie. One, because a period begins for others
 * before its entropy arrives here; one more, because the latest may have waited at the broker for most of its own.
 */
const AHEAD_PERIODS = 2;

/**
 * Which entropy numbers a beacon heard now may carry: anybody can send 31 bytes that begin as one does, and each would
 * become a signed packet that the network can only refuse.
 *
 * The latest entropy is counted on by elapsed time. Where the network's word is old (a broker that holds a message of
 * yesterday), the numbers around this machine's own time stand as well: an honest beacon must be refused by both, and
 * of 2^32 numbers both together let some thirty through.
 */
export class EntropyRange {
  #latest: (Pick<Entropy, "index" | "periodMs" | "validityMs"> & { elapsedMs: number }) | undefined;

  see({ index, periodMs, validityMs }: Entropy, elapsedMs: number): void {
    this.#latest = { index, periodMs, validityMs, elapsedMs };
  }

  /** Before any entropy came nothing is known of the network's numbers, and all stand: a beacon lost is not heard again. */
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
