/** The first thing in a bundle that is not what its packets, or the rules of bundles, say. */
export interface Difference {
  file: string;
  /** Where in the file: a line, an item with its packet id, a field. */
  at: string;
  expected: string;
  found: string;
}

/**
 * A check gives what it read, or yields a difference and is not resumed: whoever runs it stops at the first, however
 * deep in nested checks (`yield*`) it was found.
 */
export type Check<T> = Generator<Difference, T, void>;

export function* differ(file: string, at: string, expected: string, found: string): Check<never> {
  yield { file, at, expected, found };
  throw new TypeError("A check was resumed after a difference");
}

export function* expectEqual(file: string, at: string, expected: string, found: string): Check<void> {
  if (expected !== found) yield* differ(file, at, expected, found);
}

export type Checked<T> = { ok: true; value: T } | { ok: false; difference: Difference };

/** Runs a check up to its end or its first difference. */
export function runCheck<T>(check: Check<T>): Checked<T> {
  const step = check.next();
  return step.done ? { ok: true, value: step.value } : { ok: false, difference: step.value };
}

const NO_LINE = "no further line";

/** Compares texts line by line. @param label what an expected line is about, to be named beside its number */
export function* expectLines(
  file: string,
  expected: string,
  found: string,
  label: (line: string) => string = () => "",
): Check<void> {
  if (expected === found) return;
  const expectedLines = expected.split("\n");
  const foundLines = found.split("\n");
  const length = Math.max(expectedLines.length, foundLines.length);
  for (let i = 0; i < length; i++) {
    if (expectedLines[i] === foundLines[i]) continue;
    const [wanted, got] = [expectedLines[i] || NO_LINE, foundLines[i] || NO_LINE];
    const about = label(wanted === NO_LINE ? got : wanted);
    yield* differ(file, `line ${i + 1}${about && `, ${about}`}`, wanted, got);
  }
}
