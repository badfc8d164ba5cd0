import type { RadioStatus } from "./lora-reading.ts";

/**
 * When a radio counts as deaf. It is deaf when it has been alive and heard nothing for so long that, at its own usual
 * rate, such a silence would be an accident of less than one in a million, even if traffic were four times less than
 * usual at that time of day.
 */
export const DEAF_LIMITS = {
  /** Probability of no frame (Poisson) below which a silence is no accident. */
  chance: 1e-6,
  /** And never before this. */
  leastSilenceMs: 10 * 60_000,
  /** Traffic is no Poisson process: devices leave, holidays come. So many times quieter than usual is still usual. */
  tolerance: 4,
  /** There is a usual rate once so long was observed, and so many frames heard. */
  learnMs: 6 * 3_600_000,
  learnFrames: 50,
  /** Older observations count half after so much more observed time. */
  halfLifeMs: 7 * 24 * 3_600_000,
  /** An hour of the day has a rate of its own once it was observed so long; until then the least of all others counts. */
  hourMs: 30 * 60_000,
  /** Between two statuses further apart nothing is known: neither that it was alive, nor that it was silent. */
  gapMs: 10 * 60_000,
  /** More frames a second no concentrator demodulates: a counter that claims more is wrong and is ignored. */
  framesPerS: 500,
} as const;

/** What a detector learned, as plain JSON: to go on after a restart. Index 0 is the hour from 00:00 UTC. */
export interface DeafBaseline {
  frames: number[];
  observedMs: number[];
}

/**
 * `learning`: it is not known yet what is usual. `hearing`: the silence, if there is one, is none to speak of.
 * `deaf`: alive, and silent for too long.
 */
export interface DeafAssessment {
  state: "learning" | "hearing" | "deaf";
  /** Usual rate over the whole day. */
  framesPerHour: number;
  /** How long it has been observed without a frame. */
  silentMs: number;
  /** Frames that should have come in that time, a quarter of the usual (`tolerance`). */
  expectedFrames: number;
  /** The probability of hearing none of them. */
  chance: number;
}

type Counters = Pick<RadioStatus, "atMs" | "rxOk" | "rxBad" | "rxNoCrc">;

const HOUR_MS = 3_600_000;
const HOURS = 24;

/**
 * Finds a radio that is alive and hears nothing, which no radio reports of itself: its counters against their own past,
 * frames with a bad CRC included, because noise shows that a receiver works. Pure: time comes with the statuses.
 *
 * A radio deaf from its first hour has no past, and stays `learning`.
 */
export class DeafDetector {
  readonly #frames: number[];
  readonly #observedMs: number[];
  #last: { elapsedMs: number; heard: number } | undefined;
  #silentMs = 0;
  #expectedFrames = 0;
  /**
   * Observed time by hour since the last frame, not learned yet. No more than a day of it ever is: an outage of weeks
   * must not become what is usual, and a new habit of silent evenings must.
   */
  #pendingMs = new Float64Array(HOURS);

  /** @param baseline of an earlier detector of the same radio; an incomplete one is ignored */
  constructor(baseline?: DeafBaseline) {
    const isWhole = baseline !== undefined && [baseline.frames, baseline.observedMs].every(isDay);
    this.#frames = isWhole ? [...baseline.frames] : new Array(HOURS).fill(0);
    this.#observedMs = isWhole ? [...baseline.observedMs] : new Array(HOURS).fill(0);
  }

  baseline(): DeafBaseline {
    return { frames: [...this.#frames], observedMs: [...this.#observedMs] };
  }

  /**
   * Adds one status: the radio is alive, and this is what it has heard so far.
   *
   * @param elapsedMs when it came, by the monotonic clock; its `atMs` gives the hour of the day
   */
  observe({ atMs, rxOk, rxBad, rxNoCrc }: Counters, elapsedMs: number): DeafAssessment {
    const heard = rxOk + rxBad + rxNoCrc;
    const last = this.#last;
    this.#last = { elapsedMs, heard };
    if (last === undefined) return this.assess();
    const passedMs = elapsedMs - last.elapsedMs;
    const mostFrames = (DEAF_LIMITS.framesPerS * (Math.max(0, passedMs) + 1000)) / 1000;
    if (heard < last.heard || heard - last.heard > mostFrames) {
      // Counters that began anew, or jumped, hide whether the silence was broken.
      this.#learn(atMs, 0);
      return this.assess();
    }
    if (passedMs > 0 && passedMs <= DEAF_LIMITS.gapMs) this.#pass(atMs, passedMs);
    // Frames in a time that was not observed would make a rate out of nothing.
    if (heard > last.heard) this.#learn(atMs, passedMs <= DEAF_LIMITS.gapMs ? heard - last.heard : 0);
    return this.assess();
  }

  assess(): DeafAssessment {
    const chance = Math.exp(-this.#expectedFrames);
    const assessment = {
      framesPerHour: this.#meanRate() * HOUR_MS,
      silentMs: this.#silentMs,
      expectedFrames: this.#expectedFrames,
      chance,
    };
    const isLearned =
      sum(this.#observedMs) >= DEAF_LIMITS.learnMs && sum(this.#frames) >= DEAF_LIMITS.learnFrames;
    if (!isLearned) return { state: "learning", ...assessment };
    const isDeaf = chance < DEAF_LIMITS.chance && this.#silentMs >= DEAF_LIMITS.leastSilenceMs;
    return { state: isDeaf ? "deaf" : "hearing", ...assessment };
  }

  #pass(atMs: number, passedMs: number): void {
    const hour = hourOf(atMs);
    // A silence of a whole day has passed every hour of it: from then on the time of day excuses nothing.
    const rate = this.#silentMs < HOURS * HOUR_MS ? this.#rateAt(hour) : this.#meanRate();
    this.#silentMs += passedMs;
    this.#expectedFrames += (passedMs * rate) / DEAF_LIMITS.tolerance;
    this.#pendingMs[hour] = Math.min(HOUR_MS, (this.#pendingMs[hour] ?? 0) + passedMs);
  }

  /** Frames per ms: the least of this hour and its neighbours, for habits move with the season. */
  #rateAt(hour: number): number {
    const rates = [hour + HOURS - 1, hour, hour + 1].map((near) => this.#rateOf(near % HOURS));
    return Math.min(...rates);
  }

  /** Of an hour that was hardly observed yet, the least that is known of any: it may be the night. */
  #rateOf(hour: number): number {
    const observedMs = this.#observedMs[hour] ?? 0;
    if (observedMs >= DEAF_LIMITS.hourMs) return (this.#frames[hour] ?? 0) / observedMs;
    const known = this.#observedMs.flatMap((ms, at) =>
      ms >= DEAF_LIMITS.hourMs ? [(this.#frames[at] ?? 0) / ms] : [],
    );
    return known.length > 0 ? Math.min(...known) : this.#meanRate();
  }

  #meanRate(): number {
    const observedMs = sum(this.#observedMs);
    return observedMs > 0 ? sum(this.#frames) / observedMs : 0;
  }

  /** A frame ends the silence, and only then is what was observed a part of what is usual. */
  #learn(atMs: number, frames: number): void {
    this.#forget(sum(this.#pendingMs));
    for (const [hour, ms] of this.#pendingMs.entries()) {
      this.#observedMs[hour] = (this.#observedMs[hour] ?? 0) + ms;
    }
    const hour = hourOf(atMs);
    this.#frames[hour] = (this.#frames[hour] ?? 0) + frames;
    this.#beginAnew();
  }

  #forget(passedMs: number): void {
    const kept = 2 ** (-passedMs / DEAF_LIMITS.halfLifeMs);
    for (let hour = 0; hour < HOURS; hour += 1) {
      this.#frames[hour] = (this.#frames[hour] ?? 0) * kept;
      this.#observedMs[hour] = (this.#observedMs[hour] ?? 0) * kept;
    }
  }

  #beginAnew(): void {
    this.#silentMs = 0;
    this.#expectedFrames = 0;
    this.#pendingMs.fill(0);
  }
}

function hourOf(atMs: number): number {
  return Math.floor((((atMs % (HOURS * HOUR_MS)) + HOURS * HOUR_MS) % (HOURS * HOUR_MS)) / HOUR_MS);
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function isDay(values: unknown): boolean {
  return (
    Array.isArray(values) &&
    values.length === HOURS &&
    values.every((value) => Number.isFinite(value) && value >= 0)
  );
}
