import type { Clock, Log, LogLevel } from "@earshot/protocol/hotspot";
import { pause } from "../time/pause.ts";

/** Lines of one message in one period. */
const MOST_LINES = 30;
const PERIOD_MS = 60_000;
/** Messages that are told apart: they are the program's own texts, and few. */
const MOST_MESSAGES = 256;
const OTHER = "other messages";

interface Budget {
  level: LogLevel;
  sinceMs: number;
  lines: number;
  leftOut: number;
}

/**
 * A log that nobody outside can fill a disk with: of each message at most 30 lines a minute come out, and then how
 * many were left out.
 */
export class LimitedLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #budgets = new Map<string, Budget>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  readonly log: Log = (level, message, fields) => {
    const budget = this.#budgetOf(level, message);
    if (budget.lines >= MOST_LINES) {
      budget.leftOut += 1;
      return;
    }
    budget.lines += 1;
    this.#log(level, message, fields);
  };

  /** Tells each period what was left out in it, until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (await pause(this.#clock, PERIOD_MS, signal)) this.tellLeftOut();
  }

  /** Of the periods that are over. */
  tellLeftOut(): void {
    const elapsedMs = this.#clock.elapsedMs();
    for (const [message, budget] of this.#budgets) {
      if (elapsedMs - budget.sinceMs >= PERIOD_MS) this.#end(message, budget);
    }
  }

  #budgetOf(level: LogLevel, message: string): Budget {
    const isKnown = this.#budgets.has(message) || this.#budgets.size < MOST_MESSAGES;
    const name = isKnown ? message : OTHER;
    const elapsedMs = this.#clock.elapsedMs();
    const budget = this.#budgets.get(name);
    if (budget !== undefined && elapsedMs - budget.sinceMs < PERIOD_MS) return budget;
    if (budget !== undefined) this.#end(name, budget);
    const fresh = { level, sinceMs: elapsedMs, lines: 0, leftOut: 0 };
    this.#budgets.set(name, fresh);
    return fresh;
  }

  #end(message: string, { level, leftOut }: Budget): void {
    this.#budgets.delete(message);
    if (leftOut > 0) this.#log(level, message, { leftOut, inTheLastS: PERIOD_MS / 1000 });
  }
}
