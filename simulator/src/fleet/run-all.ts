/** Runs until `signal` is aborted, then cleans up and resolves. */
export type Task = (signal: AbortSignal) => Promise<void>;

/**
 * Runs tasks side by side. When one fails or ends, or `signal` is aborted, all are stopped; resolves when all have
 * ended, and throws the first failure.
 */
export async function runAll(tasks: readonly Task[], signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const runs = tasks.map(async (task) => {
    try {
      await task(ended);
    } finally {
      stop.abort();
    }
  });
  const outcomes = await Promise.allSettled(runs);
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
