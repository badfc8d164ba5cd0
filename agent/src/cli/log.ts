import { inspect } from "node:util";
import type { Log, LogLevel } from "@earshot/protocol";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** One line for each message, `level message key=value …`; the journal or the terminal adds the time. */
export function lineLog(minimum: LogLevel, write: (line: string) => void): Log {
  return (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(minimum)) return;
    const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${show(value)}`);
    write(`${level} ${message}${pairs.join("")}\n`);
  };
}

/** On one line, whatever a device or a broker put into it. */
const show = (value: unknown): string =>
  typeof value === "string"
    ? JSON.stringify(value)
    : inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: true });
