import type { Health, Part } from "../health/part.ts";

const MARKS: Record<Health, string> = { ok: "✓ ok", attention: "! attention", broken: "✕ broken" };

/** Parts as aligned lines, each with its advice below. */
export function partTable(parts: readonly Part[]): string {
  const titleWidth = Math.max(...parts.map(({ title }) => title.length));
  const markWidth = Math.max(...Object.values(MARKS).map((mark) => mark.length));
  const indent = " ".repeat(titleWidth + markWidth + 4);
  return parts
    .map(({ title, health, text, advice }) => {
      const line = `${title.padEnd(titleWidth)}  ${MARKS[health].padEnd(markWidth)}  ${text}`;
      return advice === undefined ? line : `${line}\n${indent}→ ${advice}`;
    })
    .join("\n");
}
