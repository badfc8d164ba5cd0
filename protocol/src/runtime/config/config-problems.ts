import type { z } from "zod";
import { shownValue } from "../../mqtt/broker.ts";
import { configKeys } from "./config-keys.ts";

export type Table = Record<string, unknown>;

/** The configuration cannot be used. Each problem names the key, the value and what is allowed, and no secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];
  /** The file is there, but may not be read by this user: its content is not at fault. */
  readonly isUnreadable: boolean;

  constructor(problems: readonly string[], { isUnreadable = false } = {}) {
    super(problems.join("\n"));
    this.problems = problems;
    this.isUnreadable = isUnreadable;
  }
}

/** What the schema makes of a value. @throws {ConfigError} with each problem as "KEY is VALUE; allowed is …" */
export function checkValue<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const known = configKeys(schema).map(({ path }) => path.join("."));
  throw new ConfigError(result.error.issues.map((issue) => problemOf(issue, value, known)));
}

/** @param known all keys of the schema, with dots */
function problemOf(issue: z.core.$ZodIssue, all: unknown, known: readonly string[]): string {
  const key = issue.path.join(".");
  // Tables of which there are several are numbered: their keys are known without the number.
  const plainKey = issue.path.filter((part) => typeof part !== "number").join(".");
  if (issue.code === "unrecognized_keys") {
    const prefix = key === "" ? "" : `${key}.`;
    const allowed = known.filter((name) => name.startsWith(plainKey === "" ? "" : `${plainKey}.`));
    return `${prefix}${issue.keys.join(`, ${prefix}`)} is not a key; allowed are ${allowed.join(", ")}`;
  }
  const value = issue.path.reduce(valueIn, all);
  if (value !== undefined)
    // By the plain key: an item of a list of secrets is one too.
    return `${key || "it"} is ${shownValue(plainKey, value)}; allowed is ${allowedBy(issue, key)}`;
  const isSection = !known.includes(plainKey);
  return isSection ? `the section [${key}] is missing` : `${key} is missing; allowed is ${issue.message}`;
}

/** A list may have been written as one text. */
const valueIn = (at: unknown, part: PropertyKey): unknown =>
  typeof at === "object" && at !== null ? (at as Table)[String(part)] : at;

/** Where a section must be, the schema has no words of its own. */
const allowedBy = (issue: z.core.$ZodIssue, key: string): string =>
  issue.code === "invalid_type" && issue.expected === "object" ? `a section, [${key}]` : issue.message;
