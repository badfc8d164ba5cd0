/** How often each line of a file was run. Lines without code of their own are not in it. */
export type RunLines = ReadonlyMap<number, number>;

/** What an LCOV report says of lines, by file. */
export function runLines(lcov: string): Map<string, RunLines> {
  const files = new Map<string, Map<number, number>>();
  let lines = new Map<number, number>();
  for (const record of lcov.split("\n")) {
    const [name, value = ""] = record.split(/:(.*)/);
    if (name === "SF") {
      lines = new Map();
      files.set(value, lines);
    }
    const [line, times] = value.split(",").map(Number);
    if (name === "DA" && line !== undefined) lines.set(line, times ?? 0);
  }
  return files;
}

/** A line that is not in the report goes on with what began on one before it. */
export function isRun(lines: RunLines | undefined, line: number): boolean {
  if (lines === undefined) return false;
  for (let at = line; at > 0; at--) {
    const times = lines.get(at);
    if (times !== undefined) return times > 0;
  }
  return true;
}
