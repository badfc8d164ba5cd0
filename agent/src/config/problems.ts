import { shownValue } from "@earshot/protocol/hotspot";
import type { z } from "zod";
import { configKeys } from "./keys.ts";

export type Raw = Record<string, unknown>;

/** What is wrong with one key: "KEY is VALUE; allowed is …". */
export function problemOf(issue: z.core.$ZodIssue, raw: Raw): string {
  const key = issue.path.join(".");
  // Tables of which there are several are numbered: their keys are known without the number.
  const plainKey = issue.path.filter((part) => typeof part !== "number").join(".");
  if (issue.code === "unrecognized_keys") {
    const prefix = key === "" ? "" : `${key}.`;
    const known = configKeys()
      .map(({ path }) => path.join("."))
      .filter((name) => name.startsWith(plainKey === "" ? "" : `${plainKey}.`));
    return `${prefix}${issue.keys.join(`, ${prefix}`)} is not a key; allowed are ${known.join(", ")}`;
  }
  const value = issue.path.reduce<unknown>((at, part) => (at as Raw | undefined)?.[String(part)], raw);
  if (value !== undefined) return `${key} is ${shownValue(key, value)}; allowed is ${allowedBy(issue, key)}`;
  const isSection = !configKeys().some(({ path }) => path.join(".") === plainKey);
  return isSection ? `the section [${key}] is missing` : `${key} is missing; allowed is ${issue.message}`;
}

/** Where a section must be, the schema has no words of its own. */
const allowedBy = (issue: z.core.$ZodIssue, key: string): string =>
  issue.code === "invalid_type" && issue.expected === "object" ? `a section, [${key}]` : issue.message;
