import { EARLIEST_PLAUSIBLE_MS } from "@earshot/protocol/hotspot";
import type { GpsReading } from "./gps-reading.ts";

const DAY_MS = 86_400_000;
/** GPS counts weeks in ten bits: after 1024 weeks, 19.6 years, an old receiver begins again. */
export const ROLLOVER_MS = 1024 * 7 * DAY_MS;
/**
 * So far a host's clock may be off and still distinguish a rollover from a date that is wrong in another way: a receiver that
 * wakes up in 1980 or 2000 is no whole number of rollovers away.
 */
const MAX_HOST_ERROR_MS = 366 * DAY_MS;

export interface ReceiverTime {
  /** UTC in ms since the Unix epoch, whole rollovers corrected. */
  timeMs: number;
  /** By how many times 1024 weeks the receiver reported an earlier date (a later one: negative); absent when it did not. */
  weekRollovers?: number;
}

/**
 * The time that a receiver reported, as it should be. A date a multiple of 1024 weeks away from the host's clock is moved to
 * it; nothing is moved to before this software existed, so a host clock that was never set changes nothing.
 */
export function correctRollover(toldMs: number, hostMs: number): ReceiverTime {
  const weekRollovers = Math.round((hostMs - toldMs) / ROLLOVER_MS);
  const timeMs = toldMs + weekRollovers * ROLLOVER_MS;
  const isOff = weekRollovers !== 0 && Math.abs(timeMs - hostMs) <= MAX_HOST_ERROR_MS;
  if (!isOff || (weekRollovers < 0 && timeMs < EARLIEST_PLAUSIBLE_MS)) return { timeMs: toldMs };
  return { timeMs, weekRollovers };
}

/** The host's clock against a time reported by the message that came at `atMs`. */
export const hostClockOffset = (
  atMs: number,
  timeMs: number,
): Pick<GpsReading, "hostClockOffsetNs" | "hostClockOffsetBy"> => ({
  hostClockOffsetNs: Math.round((atMs - timeMs) * 1e6),
  hostClockOffsetBy: "message",
});

/** Makes full times from what a receiver sends: a time of day with each position, a date with some sentences only. */
export class ReceiverCalendar {
  readonly #hostNowMs: () => number;
  #last: ReceiverTime | undefined;

  constructor(hostNowMs: () => number) {
    this.#hostNowMs = hostNowMs;
  }

  /** `undefined` as long as no date was reported. */
  time(timeOfDayMs: number, dayMs: number | undefined): ReceiverTime | undefined {
    if (dayMs !== undefined) this.#last = correctRollover(dayMs + timeOfDayMs, this.#hostNowMs());
    else if (this.#last !== undefined) {
      // The day that puts this time of day nearest to the last full time.
      const days = Math.round((this.#last.timeMs - timeOfDayMs) / DAY_MS);
      this.#last = { ...this.#last, timeMs: days * DAY_MS + timeOfDayMs };
    }
    return this.#last;
  }
}
