import { type Clock, EARLIEST_PLAUSIBLE_MS, type Log } from "@earshot/protocol";

/** A step of the machine's clock by more than this many periods is not followed at once. */
const FEW_PERIODS = 3;
const SETTLE_PERIODS = 10;
const MIN_SETTLE_MS = 300_000;
/** Packets that may wait for the clock: at most 1 KiB each. Further ones are refused, and their senders keep them. */
const MAX_WAITING = 10_000;
/** A clock that steps to and fro is logged once in this time. */
const LOG_AGAIN_MS = 60_000;

interface SteadyClockDeps {
  /** The machine's. */
  clock: Clock;
  entropyPeriodMs: number;
  /** When the newest signed entropy in the store was made: time has been there before. Undefined in a new network. */
  newestEntropyMs: number | undefined;
  log: Log;
}

/** Wall time as it goes on from one moment, by elapsed time. */
interface Line {
  wallMs: number;
  elapsedMs: number;
}

/**
 * The gateway's own time: the machine's clock as long as that goes on as time passes. Where the two part by more than a
 * few periods the clock is *in doubt*: `now()` goes on by elapsed time alone, and nothing that bears a time may be made
 * (`doubt` says why). The doubt ends by itself,
 *
 * - as soon as the machine's clock is back where elapsed time says that it should be, or
 * - when the new time has stayed, second by second, for `settleMs`: then it was a correction, or the machine slept.
 *   The caller revokes what was made in the old time, and calls `resume`.
 *
 * At start there is no elapsed time to compare with, but the newest entropy in the store: a clock behind that, or one
 * from before this software was made, is in doubt, and the first plausible time ends it. A clock ahead of it may be right
 * (the gateway was down), so its time is taken, but is not `isSettled` before it has stayed for `settleMs`: judging
 * and closing, which are irrevocable, wait that long.
 */
export class SteadyClock implements Clock {
  readonly settleMs: number;
  readonly #deps: SteadyClockDeps;
  readonly #toleranceMs: number;
  #line: Line;
  /** Whether the line began with the machine's clock, and not with the newest entropy. */
  #isOwn: boolean;
  /** The time that the machine's clock shows instead, and since when it has. */
  #otherTime: { line: Line; sinceMs: number } | undefined;
  /** The new time is adopted, and what was made in the old one is not yet revoked. */
  #isNew = false;
  /** Elapsed time from which on the time is settled. */
  #settledAtMs = 0;
  #logged = { atMs: Number.NEGATIVE_INFINITY, isOpen: false };
  #waiting = Promise.withResolvers<void>();
  #waiters = 0;

  constructor(deps: SteadyClockDeps) {
    const { clock, entropyPeriodMs, newestEntropyMs } = deps;
    this.#deps = deps;
    this.#toleranceMs = FEW_PERIODS * entropyPeriodMs;
    this.settleMs = Math.max(SETTLE_PERIODS * entropyPeriodMs, MIN_SETTLE_MS);
    this.#line = {
      wallMs: Math.max(newestEntropyMs ?? 0, EARLIEST_PLAUSIBLE_MS),
      elapsedMs: clock.elapsedMs(),
    };
    this.#isOwn = false;
    this.#look();
  }

  now(): number {
    this.#look();
    return this.#otherTime === undefined ? this.#line.wallMs : Math.round(this.#expectedMs());
  }

  elapsedMs(): number {
    return this.#deps.clock.elapsedMs();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#deps.clock.sleep(ms, signal);
  }

  /** Why nothing that bears a time may be made now. */
  get doubt(): string | undefined {
    this.#look();
    if (this.#otherTime !== undefined) return this.#sentence(this.#otherTime.line);
    return this.#isNew ? "The clock was set; what was made in another time is being put in order" : undefined;
  }

  /** The new time was taken, and `resume` is due. */
  get isNew(): boolean {
    this.#look();
    return this.#isNew && this.#otherTime === undefined;
  }

  /** Whether irrevocable things (verdicts, closed epochs) may be made now. */
  get isSettled(): boolean {
    return this.doubt === undefined && this.elapsedMs() >= this.#settledAtMs;
  }

  /** What was made in another time is revoked. */
  resume(): void {
    this.#isNew = false;
    this.#goOn();
  }

  /**
   * Resolves once the clock is not in doubt.
   * @throws {Error} if too many wait already, or after `close`
   */
  async trusted(): Promise<void> {
    while (this.doubt !== undefined) {
      if (this.#waiters >= MAX_WAITING) {
        throw new Error(`Cannot take more: ${MAX_WAITING} packets wait for a clock to trust`);
      }
      this.#waiters++;
      try {
        await this.#waiting.promise;
      } finally {
        this.#waiters--;
      }
    }
  }

  /** Rejects all who wait: the gateway stops. */
  close(): void {
    this.#waiting.promise.catch(() => undefined);
    this.#waiting.reject(new Error("The gateway stops, and its clock is in doubt"));
  }

  /** Where elapsed time says that wall time should be. */
  #expectedMs(): number {
    return expected(this.#line, this.#deps.clock.elapsedMs());
  }

  #look(): void {
    const { clock } = this.#deps;
    const seen = { wallMs: clock.now(), elapsedMs: clock.elapsedMs() };
    const offMs = seen.wallMs - expected(this.#line, seen.elapsedMs);
    const isAsExpected = Math.abs(offMs) <= this.#toleranceMs;
    if (isAsExpected || (!this.#isOwn && offMs > 0)) this.#follow(seen, offMs);
    else this.#doubt(seen);
  }

  #follow(seen: Line, offMs: number): void {
    const wasInDoubt = this.#otherTime !== undefined;
    this.#line = seen;
    if (!this.#isOwn) {
      this.#isOwn = true;
      const hasGap = this.#deps.newestEntropyMs !== undefined && offMs > this.settleMs;
      if (hasGap) this.#settledAtMs = seen.elapsedMs + this.settleMs;
    }
    if (!wasInDoubt) return;
    this.#otherTime = undefined;
    this.#logEnd("The clock is right again", seen);
    this.#goOn();
  }

  #doubt(seen: Line): void {
    const other = this.#otherTime;
    const stays =
      other !== undefined &&
      Math.abs(seen.wallMs - expected(other.line, seen.elapsedMs)) <= this.#toleranceMs;
    this.#otherTime = { line: seen, sinceMs: stays ? other.sinceMs : seen.elapsedMs };
    if (other === undefined) this.#logDoubt(seen);
    const isPlausible = seen.wallMs >= EARLIEST_PLAUSIBLE_MS;
    if (!isPlausible || seen.elapsedMs - this.#otherTime.sinceMs < this.settleMs) return;
    this.#line = seen;
    this.#otherTime = undefined;
    this.#isOwn = true;
    this.#isNew = true;
    this.#logEnd(`The clock has stayed at its new time for ${this.settleMs / 1000} s, which is taken`, seen);
  }

  #goOn(): void {
    if (this.#isNew) return;
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }

  #sentence({ wallMs, elapsedMs }: Line): string {
    const shouldBeMs = expected(this.#line, elapsedMs);
    const offS = Math.round((wallMs - shouldBeMs) / 1000);
    const off = `${Math.abs(offS)} s ${offS < 0 ? "behind" : "ahead of"}`;
    const other = this.#isOwn
      ? "what it showed before and the time since"
      : "the newest entropy in the store";
    const end =
      wallMs < EARLIEST_PLAUSIBLE_MS
        ? `until it is set: before ${textOf(EARLIEST_PLAUSIBLE_MS)} this software did not exist`
        : `until it is back, or has stayed there for ${this.settleMs / 1000} s`;
    return `The machine's clock shows ${textOf(wallMs)}, ${off} ${other} (${textOf(shouldBeMs)}; at most ${this.#toleranceMs / 1000} s is followed): no entropy is made and no packet taken in ${end}`;
  }

  #logDoubt(seen: Line): void {
    if (seen.elapsedMs - this.#logged.atMs < LOG_AGAIN_MS) return;
    this.#logged = { atMs: seen.elapsedMs, isOpen: true };
    this.#deps.log.error(this.#sentence(seen));
  }

  #logEnd(what: string, { wallMs }: Line): void {
    if (!this.#logged.isOpen) return;
    this.#logged.isOpen = false;
    this.#deps.log.warn(what, { now: textOf(wallMs) });
  }
}

const expected = (line: Line, elapsedMs: number): number => line.wallMs + (elapsedMs - line.elapsedMs);

const textOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
