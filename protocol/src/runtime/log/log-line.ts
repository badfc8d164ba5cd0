import type { LogFields, LogLevel } from "../../log.ts";
import { errorText } from "../error-text.ts";

/** One message, at the moment at which it was written. */
interface LogEntry {
  /** By the wall clock, ms since 1970. */
  atMs: number;
  level: LogLevel;
  message: string;
  fields: LogFields;
}

/** Of a text that a device, a broker or a stranger chose. */
const MAX_CHARS = 200;
/** Of an error's message and of its stack. */
const MAX_ERROR_CHARS = 4000;
const MAX_CAUSES = 4;
const MAX_ITEMS = 20;
const MAX_DEPTH = 3;

/** For programs: `{"time":…,"level":…,"component":…,"msg":…, …}` and a newline. */
export function jsonLine({ atMs, level, message, fields }: LogEntry): string {
  const { component, ...others } = fields;
  const own = {
    time: timeText(atMs),
    level,
    ...(component === undefined ? {} : { component }),
    msg: message,
  };
  // Named again, so that no field takes the place of one of these.
  return `${visible(JSON.stringify({ ...own, ...plainFields(others), ...own }))}\n`;
}

/**
 * For people: `TIME level component: message key="value" …`, and below it the stacks of its errors.
 *
 * @param isTimed false where whoever takes the line adds the time
 * @param hasStacks false for lines of what is expected now and then, such as a cable that is out
 */
export function textLine(
  { atMs, level, message, fields }: LogEntry,
  { isTimed, hasStacks }: { isTimed: boolean; hasStacks: boolean },
): string {
  const { component, ...others } = fields;
  // Where the reason is a sentence, that is made of the error.
  const isSaid = others.why !== undefined;
  const pairs = Object.entries(others)
    .filter(([, value]) => value !== undefined && !(isSaid && value instanceof Error))
    .map(
      ([key, value]) => ` ${key}=${JSON.stringify(value instanceof Error ? chainText(value) : plain(value))}`,
    );
  const part = component === undefined ? "" : `${component}: `;
  const line = `${isTimed ? `${timeText(atMs)} ` : ""}${level} ${part}${message}${pairs.join("")}`;
  const errors = hasStacks ? Object.values(others).filter((value) => value instanceof Error) : [];
  return [line, ...errors.flatMap(stackLines)].map((each) => `${visible(each)}\n`).join("");
}

/** RFC 3339, UTC. */
const timeText = (atMs: number): string => new Date(atMs).toISOString();

const plainFields = (fields: LogFields): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plain(value)]));

/** As JSON can have it, and short, whatever was put into it. */
function plain(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return shortened(value, MAX_CHARS);
  if (value instanceof Error) return errorRecord(value);
  if (value instanceof Uint8Array) return shortened(value.subarray(0, MAX_CHARS).toHex(), MAX_CHARS);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_DEPTH) return "…";
  if (Array.isArray(value)) {
    const more = value.length > MAX_ITEMS ? ["…"] : [];
    return [...value.slice(0, MAX_ITEMS).map((item) => plain(item, depth + 1)), ...more];
  }
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    entries.map(([key, inner]) => [shortened(key, MAX_CHARS), plain(inner, depth + 1)]),
  );
}

interface ErrorRecord {
  type: string;
  message: string;
  /** As system calls, SQLite and PostgreSQL name it. */
  code?: string | number;
  stack?: string;
  cause?: ErrorRecord;
}

function errorRecord(error: Error, causes = MAX_CAUSES): ErrorRecord {
  const { code } = error as { code?: unknown };
  const isCode = typeof code === "string" || typeof code === "number";
  const cause = causes > 0 ? causeOf(error) : undefined;
  return {
    type: error.name,
    message: shortened(messageOf(error), MAX_ERROR_CHARS),
    ...(isCode && { code }),
    ...(error.stack !== undefined && { stack: shortened(error.stack, MAX_ERROR_CHARS) }),
    ...(cause !== undefined && { cause: errorRecord(cause, causes - 1) }),
  };
}

function causeOf({ cause }: Error): Error | undefined {
  if (cause === undefined || cause === null) return undefined;
  return cause instanceof Error ? cause : new NotAnError(cause);
}

/** What was thrown without being an error; it has no stack. */
class NotAnError extends Error {
  override readonly name = "NotAnError";
  constructor(thrown: unknown) {
    super(String(thrown));
    delete this.stack;
  }
}

/** The error and what caused it, outermost first. */
function chainOf(error: Error): Error[] {
  const chain = [error];
  for (
    let cause = causeOf(error);
    cause !== undefined && chain.length <= MAX_CAUSES;
    cause = causeOf(cause)
  ) {
    chain.push(cause);
  }
  return chain;
}

/** Of several addresses of one host each may fail its own way; Node.js then gives an error without words. */
const messageOf = (error: Error): string =>
  error instanceof AggregateError && error.message === ""
    ? error.errors.map(errorText).join("; ")
    : error.message;

const chainText = (error: Error): string => shortened(chainOf(error).map(messageOf).join(": "), MAX_CHARS);

const stackLines = (error: Error): string[] =>
  chainOf(error).flatMap((each, index) => {
    const stack = shortened(each.stack ?? `${each.name}: ${messageOf(each)}`, MAX_ERROR_CHARS)
      .trim()
      .split("\n");
    return stack.map((line, at) => `    ${at === 0 && index > 0 ? "caused by " : ""}${line.trimEnd()}`);
  });

const shortened = (text: string, max: number): string => {
  const shown = withoutLogins(text);
  return shown.length > max ? `${shown.slice(0, max - 1)}…` : shown;
};

/** User name and password of a URL; library and system texts may repeat one. Paths of files may have an @. */
const withoutLogins = (text: string): string =>
  text.replace(/\b(?!file:)([a-z][a-z\d+.-]*:\/\/)[^\s"'<>]*@/gi, "$1…@");

/** Without what a terminal obeys, or turns round (Unicode's bidirectional controls). */
const visible = (line: string): string =>
  line.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
    /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
