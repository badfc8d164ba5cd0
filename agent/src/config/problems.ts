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
  if (value !== undefined) return `${key} is ${shown(key, value)}; allowed is ${issue.message}`;
  const isSection = !configKeys().some(({ path }) => path.join(".") === plainKey);
  return isSection ? `the section [${key}] is missing` : `${key} is missing; allowed is ${issue.message}`;
}

const MOST_CHARS = 100;

/** A value as a problem may tell it: log and page are read by others than the owner, so no secret is in it. */
function shown(key: string, value: unknown): string {
  if (typeof value !== "object" || value === null) return shownValue(key, value).slice(0, MOST_CHARS);
  if (value instanceof Date) return "a date";
  return Array.isArray(value) ? "a list" : "a table";
}
