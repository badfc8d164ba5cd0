export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a line says beside its message. `component`, `hotspot` and `packet` (ids) are the same everywhere; an `Error` keeps its stack. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a program's messages go; passed in so that tests and fleets can capture them. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log for a part of the program: each of its lines has these fields too. */
  child(fields: LogFields): Log;
  /** Whether debug lines go anywhere: asked where a line would be costly to make. */
  readonly isDebug: boolean;
}

export type LogWriter = (level: LogLevel, message: string, fields: LogFields) => void;

/** @param isDebug asked for each debug line; without it they are written */
export function logTo(write: LogWriter, isDebug = () => true, bound: LogFields = {}): Log {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
    write(level, message, { ...bound, ...fields });
  const debug = at("debug");
  return {
    debug(message, fields) {
      if (isDebug()) debug(message, fields);
    },
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => logTo(write, isDebug, { ...bound, ...fields }),
    get isDebug() {
      return isDebug();
    },
  };
}

export const silentLog: Log = logTo(
  () => {},
  () => false,
);
