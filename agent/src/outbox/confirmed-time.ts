import type { ClockReading } from "@earshot/protocol/hotspot";

/**
 * So long must clock and network have agreed: either, or both together, may be wrong for a moment, and what is given up
 * for its age does not come back.
 */
const SETTLE_MS = 600_000;
/** Confirmations further apart than this, less the time between them, contradict each other. */
const TOLERANCE_MS = 60_000;

/**
 * Wall time that two witnesses have confirmed, this machine's clock and the network's signed entropy, counted on by
 * elapsed time: a clock that is set, or is wrong after a start, does not show in it.
 */
export class ConfirmedTime {
  #latest: ClockReading | undefined;
  #sinceElapsedMs = 0;

  /** The two agree now. */
  confirm(present: ClockReading): void {
    const latest = this.#latest;
    const stepMs = latest && present.nowMs - latest.nowMs - (present.elapsedMs - latest.elapsedMs);
    if (stepMs === undefined || Math.abs(stepMs) > TOLERANCE_MS) this.#sinceElapsedMs = present.elapsedMs;
    this.#latest = present;
  }

  /** The wall time of a moment of the monotonic clock; `undefined` while it is not certain. */
  at(elapsedMs: number): number | undefined {
    const latest = this.#latest;
    if (latest === undefined || latest.elapsedMs - this.#sinceElapsedMs < SETTLE_MS) return undefined;
    return Math.round(latest.nowMs + (elapsedMs - latest.elapsedMs));
  }
}
