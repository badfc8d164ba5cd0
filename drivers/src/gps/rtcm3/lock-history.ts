import type { LockTime } from "./lock-time.ts";
import type { MsmSatellite } from "./msm.ts";
import type { SignalGap } from "./station-reading.ts";

/** A signal not seen for longer is a new one: its satellite has set, or the station was off. */
const REMEMBERED_MS = 60_000;

interface Seen {
  timeMs: number;
  lock: LockTime;
}

/**
 * Recognises lost lock from one epoch to the next: the lock time is shorter than it was, or so short that it began
 * after the last observation. Lock times that stop growing (receivers stop at 64.5 s) are not gaps.
 */
export class LockHistory {
  readonly #seen = new Map<string, Seen>();

  /** Signals remembered; bounded by what 60 s of MSMs can name. */
  get size(): number {
    return this.#seen.size;
  }

  /** The gaps that end at this epoch. */
  observe(satellites: Iterable<MsmSatellite>, timeMs: number): SignalGap[] {
    this.#forget(timeMs);
    const gaps: SignalGap[] = [];
    for (const { system, id, signals } of satellites) {
      for (const { signal, lockTime } of signals) {
        if (lockTime === undefined) continue;
        const key = `${system}${id} ${signal}`;
        const last = this.#seen.get(key);
        if (last !== undefined && isGap(last, lockTime, timeMs)) {
          gaps.push({ system, id, signal, lastedMs: timeMs - last.timeMs });
        }
        this.#seen.set(key, { timeMs, lock: lockTime });
      }
    }
    return gaps;
  }

  #forget(timeMs: number): void {
    for (const [key, seen] of this.#seen) {
      if (Math.abs(timeMs - seen.timeMs) > REMEMBERED_MS) this.#seen.delete(key);
    }
  }
}

/** Epochs reported twice or out of order are ignored. */
function isGap(last: Seen, lock: LockTime, timeMs: number): boolean {
  const elapsedMs = timeMs - last.timeMs;
  return elapsedMs > 0 && (lock.minMs < last.lock.minMs || lock.belowMs <= elapsedMs);
}
