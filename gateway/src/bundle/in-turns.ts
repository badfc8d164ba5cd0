/** Long work that yields where other work may have its turn. */
export type InTurns<T> = Generator<void, T, void>;

/** Does all of it without a pause. */
export function atOnce<T>(work: InTurns<T>): T {
  for (let step = work.next(); ; step = work.next()) if (step.done) return step.value;
}

/** @param pause lets other work have its turn */
export async function inTurns<T>(work: InTurns<T>, pause: () => Promise<void>): Promise<T> {
  for (let step = work.next(); ; step = work.next()) {
    if (step.done) return step.value;
    await pause();
  }
}
