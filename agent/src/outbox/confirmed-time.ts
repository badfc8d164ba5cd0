import type { ClockReading } from "@earshot/protocol/hotspot";

/**
 * Clock and network must have agreed for so long. Either, or both, may be wrong for a moment, and a packet that is
 * dropped for its age does not come back.
 */
const SETTLE_MS = 600_000;
/** Confirmations further apart than this, less the time between them, contradict each other. */
const TOLERANCE_MS = 60_000;

/**
 * Wall time on which two sources agree: this machine's clock and the network's signed entropy. Between confirmations it
 * advances with the monotonic clock, so that setting the machine's clock does not change it.
 */
export class ConfirmedTime {
  #latest: ClockReading | undefined;
  #sinceElapsedMs = 0;

  /** The two sources agree now. */
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
