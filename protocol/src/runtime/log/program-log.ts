import { type Log, type LogFields, type LogLevel, type LogWriter, logTo } from "../../log.ts";
import type { Clock } from "../../time/clock.ts";
import { LineLimit } from "./line-limit.ts";
import { jsonLine, textLine } from "./log-line.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const satisfies readonly LogLevel[];

export const LOG_FORMATS = ["auto", "text", "json"] as const;

export interface LogSettings {
  /** Lines below it are left out. */
  level: LogLevel;
  /** `auto`: text where people read it, on a terminal or in systemd's journal; else JSON lines. */
  format: (typeof LOG_FORMATS)[number];
}

/** Who takes the lines. */
export type LogReader = "terminal" | "journal" | "program";

export const DEFAULT_LOG_SETTINGS: LogSettings = { level: "info", format: "auto" };

interface ProgramLogOptions {
  clock: Clock;
  reader: LogReader;
  write(text: string): void;
}

/** sd-daemon(3): what journald takes from the beginning of a line, for `journalctl --priority`. */
const JOURNAL_PRIORITIES: Readonly<Record<LogLevel, string>> = {
  debug: "<7>",
  info: "<6>",
  warn: "<4>",
  error: "<3>",
};

/** The log of a program: one for all its parts, each of which has a `child` of it. */
export class ProgramLog {
  readonly log: Log;
  readonly #options: ProgramLogOptions;
  readonly #limit: LineLimit;
  #identity: LogFields = {};
  #settings: LogSettings = DEFAULT_LOG_SETTINGS;

  constructor(options: ProgramLogOptions) {
    this.#options = options;
    this.#limit = new LineLimit((...line) => this.#write(...line), options.clock);
    const write: LogWriter = (level, ...line) => {
      if (this.#isShown(level)) this.#limit.write(level, ...line);
    };
    this.log = logTo(write, () => this.#isShown("debug"));
  }

  /** As the configuration wants it, once it is read. */
  configure(settings: LogSettings): void {
    this.#settings = settings;
  }

  /** Whose log it is: in each JSON line, for who collects those of many. A person who reads text knows. */
  identify(fields: LogFields): void {
    this.#identity = fields;
  }

  /** Tells now and then what was left out because there was too much of it, until aborted. */
  run(signal: AbortSignal): Promise<void> {
    return this.#limit.run(signal);
  }

  #isShown(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.#settings.level);
  }

  #write: LogWriter = (level, message, fields) => {
    const { clock, reader, write } = this.#options;
    const { format } = this.#settings;
    const entry = { atMs: clock.now(), level, message, fields };
    if (format === "json" || (format === "auto" && reader === "program")) {
      write(jsonLine({ ...entry, fields: { ...this.#identity, ...fields } }));
      return;
    }
    const isJournal = reader === "journal";
    // A sentence that says why is of something expected.
    const hasStacks = this.#isShown("debug") || (level === "error" && fields.why === undefined);
    const text = textLine(entry, { isTimed: !isJournal, hasStacks });
    write(isJournal ? text.replace(/^(?=.)/gm, JOURNAL_PRIORITIES[level]) : text);
  };
}
