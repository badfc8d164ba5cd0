import type { Log, LogFields, LogLevel } from "../../log.ts";
import type { Clock } from "../../time/clock.ts";
import { LastHour } from "../last-hour.ts";

/** Outages told in full before they are only counted. */
const TOLD_IN_FULL = 2;
/** How often those are told that are only counted. */
const SUMMARY_MS = 3_600_000;
/** There or gone for so long, it comes and goes no more. */
const STEADY_MS = 600_000;

/**
 * The log lines of something that comes and goes: a device, a session, a database. The first outages are told in full,
 * each once however often it is tried again in vain; then one line says that it comes and goes, and one an hour how
 * often it did. That ends when it was there, or gone, for 10 min.
 */
export class OutageLog {
  readonly #name: string;
  readonly #clock: Pick<Clock, "elapsedMs">;
  readonly #log: Log;
  #state: "new" | "up" | "down" = "new";
  #sinceMs = 0;
  /** Since it was last steady. */
  #outages = 0;
  #firstMs = 0;
  #toldMs = 0;
  #toldOutages = 0;
  readonly #losses = new LastHour();

  /** @param name as the subject of a sentence: "gps", "The session with the broker" */
  constructor(name: string, clock: Pick<Clock, "elapsedMs">, log: Log) {
    this.#name = name;
    this.#clock = clock;
    this.#log = log;
  }

  /** Its outages are only counted. */
  get isFlapping(): boolean {
    return this.#outages > TOLD_IN_FULL;
  }

  /** How often it was lost in the last hour. */
  get lostInHour(): number {
    return this.#losses.count(this.#clock.elapsedMs());
  }

  /** It is there, with the line for it. */
  up(level: LogLevel, message: string, fields?: LogFields): void {
    if (this.#state === "up") {
      this.stillUp();
      return;
    }
    if (this.#isSteady()) this.#outages = 0;
    this.#enter("up");
    if (this.#outages <= TOLD_IN_FULL) this.#log[level](message, fields);
  }

  /** It is there as before: worth telling only when it was not for a while. */
  stillUp(): void {
    if (this.#state !== "up" || this.#outages <= TOLD_IN_FULL || !this.#isSteady()) return;
    this.#log.info(`${this.#name} comes and goes no more`, { outages: this.#outages });
    this.#outages = 0;
  }

  /** It works, as it should: the line is for where it did not before. */
  works(message: string): void {
    if (this.#state === "down") this.up("info", message);
    else if (this.#state === "new") this.#enter("up");
    else this.stillUp();
  }

  /** It is gone or could not be had, with the line for it. */
  down(level: LogLevel, message: string, fields?: LogFields): void {
    if (this.#state === "down") {
      this.#stillDown(level, message, fields);
      return;
    }
    if (this.#state === "up") {
      if (this.#isSteady()) this.#outages = 0;
      this.#outages += 1;
      this.#losses.add(this.#clock.elapsedMs());
      if (this.#outages === 1) this.#firstMs = this.#clock.elapsedMs();
    }
    this.#enter("down");
    if (this.#outages <= TOLD_IN_FULL) this.#log[level](message, fields);
    else if (this.#outages === TOLD_IN_FULL + 1) this.#tell(this.#firstMs, 0, fields);
    else if (this.#clock.elapsedMs() - this.#toldMs >= SUMMARY_MS)
      this.#tell(this.#toldMs, this.#toldOutages, fields);
  }

  /** Gone for good, as it looks: that was not told while it came and went. */
  #stillDown(level: LogLevel, message: string, fields?: LogFields): void {
    if (this.#outages <= TOLD_IN_FULL || !this.#isSteady()) return;
    this.#log[level](message, fields);
    this.#outages = 0;
  }

  #tell(sinceMs: number, outagesBefore: number, fields?: LogFields): void {
    const elapsedMs = this.#clock.elapsedMs();
    const times = this.#outages - outagesBefore;
    const inTheLastS = Math.round((elapsedMs - sinceMs) / 1000);
    this.#log.warn(`${this.#name} comes and goes; told once an hour`, { times, inTheLastS, ...fields });
    this.#toldMs = elapsedMs;
    this.#toldOutages = this.#outages;
  }

  #enter(state: "up" | "down"): void {
    this.#state = state;
    this.#sinceMs = this.#clock.elapsedMs();
  }

  #isSteady(): boolean {
    return this.#state !== "new" && this.#clock.elapsedMs() - this.#sinceMs >= STEADY_MS;
  }
}
