import type { PendingSignatures } from "./signatures.ts";

/** The first thing in a bundle that is not what its packets, or the rules of bundles, say. */
export interface Difference {
  file: string;
  /** Where in the file: a line, an item with its packet id, a field. */
  at: string;
  expected: string;
  found: string;
  /** Nothing is wrong with the bundle: this program lacks what is needed to judge it. */
  isUnknown?: true;
}

/**
 * A check returns what it read, or yields a difference and is not resumed: the runner stops at the first difference,
 * however deep in nested checks (`yield*`) it was found. It also yields signatures whose validity it needs to go on, and
 * is resumed with the answers: at once by `runCheck`, or when other threads have them by `runCheckLater`.
 */
export type Check<T> = Generator<Difference | PendingSignatures, T, Uint8Array | undefined>;

export function* differ(file: string, at: string, expected: string, found: string): Check<never> {
  yield { file, at, expected, found };
  throw new TypeError("A check was resumed after a difference");
}

/** What the bundle needs and this program does not have; otherwise as `differ`. */
export function* cannotSay(file: string, at: string, needed: string, found: string): Check<never> {
  yield { file, at, expected: needed, found, isUnknown: true };
  throw new TypeError("A check was resumed after a difference");
}

/** @param why is told behind what was expected */
export function* expectEqual(
  file: string,
  at: string,
  expected: string,
  found: string,
  why?: string,
): Check<void> {
  if (expected === found) return;
  yield* differ(file, at, why === undefined ? expected : `${expected}, ${why}`, found);
}

/** One answer for each signature, in order. */
export function* answersOf(pending: PendingSignatures): Check<Uint8Array> {
  const answers = yield pending;
  if (answers === undefined) throw new TypeError("A check was resumed without answers");
  return answers;
}

export type Checked<T> = { ok: true; value: T } | { ok: false; difference: Difference };

/** Runs a check up to its end or its first difference. @throws {TypeError} if its signatures are with other threads */
export function runCheck<T>(check: Check<T>): Checked<T> {
  let step = check.next();
  while (!step.done && "answers" in step.value) {
    const answers = step.value.isReady ? step.value.answers() : undefined;
    if (!(answers instanceof Uint8Array)) {
      throw new TypeError("Signatures are checked elsewhere: use runCheckLater");
    }
    step = check.next(answers);
  }
  return ended(step);
}

/** `runCheck` that waits for other threads where it must. */
export async function runCheckLater<T>(check: Check<T>): Promise<Checked<T>> {
  let step = check.next();
  while (!step.done && "answers" in step.value) step = check.next(await step.value.answers());
  return ended(step);
}

const ended = <T>(step: IteratorResult<Difference | PendingSignatures, T>): Checked<T> =>
  step.done ? { ok: true, value: step.value } : { ok: false, difference: step.value as Difference };
