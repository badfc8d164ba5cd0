import { inspect } from "node:util";
import type { Log, LogLevel } from "@earshot/protocol/hotspot";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** One line for each message, `level message key=value …`; the journal or the terminal adds the time. */
export function lineLog(minimum: LogLevel, write: (line: string) => void): Log {
  return (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(minimum)) return;
    const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${show(value)}`);
    write(`${level} ${message}${pairs.join("")}\n`);
  };
}

const MOST_CHARS = 200;

/** On one line and short, whatever a device or a broker put into it. */
function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > MOST_CHARS ? `${value.slice(0, MOST_CHARS)}…` : value);
  }
  const limits = { maxStringLength: MOST_CHARS, maxArrayLength: 20, depth: 3 };
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: true, ...limits });
}
