import type { LogFields, LogLevel, LogWriter } from "../../log.ts";
import type { Clock } from "../../time/clock.ts";
import { pause } from "../pause.ts";

const PERIOD_MS = 60_000;
/** Lines of one message in a period. Whoever switches debug lines on wants each, but not a full disk. */
const MAX_LINES: Readonly<Record<LogLevel, number>> = { debug: 1000, info: 30, warn: 30, error: 30 };
/** Messages that are told apart: they are the program's own texts, and few. */
const MAX_MESSAGES = 256;
const OTHERS = "other messages";

interface Budget {
  level: LogLevel;
  message: string;
  component: unknown;
  sinceElapsedMs: number;
  lines: number;
  leftOut: number;
}

/**
 * A log that nobody outside can fill a disk with: of each message at most so many lines a minute come out, and then how
 * many were left out.
 */
export class LineLimit {
  readonly #write: LogWriter;
  readonly #clock: Pick<Clock, "elapsedMs" | "sleep">;
  readonly #budgets = new Map<string, Budget>();

  constructor(write: LogWriter, clock: Pick<Clock, "elapsedMs" | "sleep">) {
    this.#write = write;
    this.#clock = clock;
  }

  readonly write: LogWriter = (level, message, fields) => {
    const budget = this.#budgetOf(level, message, fields);
    if (budget.lines >= MAX_LINES[level]) {
      budget.leftOut += 1;
      return;
    }
    budget.lines += 1;
    this.#write(level, message, fields);
  };

  /** Tells each period what was left out in it, until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (await pause(this.#clock, PERIOD_MS, signal)) this.#endPeriods();
    for (const [name, budget] of this.#budgets) this.#end(name, budget);
  }

  #endPeriods(): void {
    const elapsedMs = this.#clock.elapsedMs();
    for (const [name, budget] of this.#budgets) {
      if (elapsedMs - budget.sinceElapsedMs >= PERIOD_MS) this.#end(name, budget);
    }
  }

  #budgetOf(level: LogLevel, message: string, { component }: LogFields): Budget {
    const known = `${level} ${component} ${message}`;
    const isKnown = this.#budgets.has(known) || this.#budgets.size < MAX_MESSAGES;
    const name = isKnown ? known : `${level} ${OTHERS}`;
    const elapsedMs = this.#clock.elapsedMs();
    const budget = this.#budgets.get(name);
    if (budget !== undefined && elapsedMs - budget.sinceElapsedMs < PERIOD_MS) return budget;
    if (budget !== undefined) this.#end(name, budget);
    const fresh = {
      ...(isKnown ? { level, message, component } : { level, message: OTHERS, component: undefined }),
      ...{ sinceElapsedMs: elapsedMs, lines: 0, leftOut: 0 },
    };
    this.#budgets.set(name, fresh);
    return fresh;
  }

  #end(name: string, { level, message, component, sinceElapsedMs, leftOut }: Budget): void {
    this.#budgets.delete(name);
    const part = component === undefined ? {} : { component };
    const inTheLastS = Math.round((this.#clock.elapsedMs() - sinceElapsedMs) / 1000);
    if (leftOut > 0) this.#write(level, message, { ...part, leftOut, inTheLastS });
  }
}
