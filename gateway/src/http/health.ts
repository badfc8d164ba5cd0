import type { z } from "@hono/zod-openapi";
import type { RouteContext } from "./context.ts";
import type { healthSchema } from "./schemas/network.ts";

export type Health = z.infer<typeof healthSchema>;

/** Publishing may be late by one period before it counts as stuck. */
const MAX_ENTROPY_PERIODS = 2;

/** Whether the gateway does its work: store and broker answer and entropy is fresh. */
export async function healthOf(context: RouteContext): Promise<Health> {
  const { store, clock, parameters, log } = context;
  const nowMs = clock.now();
  const unknown = { entropyAgeMs: null, judgedThroughAgeMs: null, latestEpoch: null };
  try {
    const [entropy, judged, epoch] = await Promise.all([
      store.latestEntropy(),
      store.judgedThrough(),
      store.latestEpoch(),
    ]);
    const entropyAgeMs = entropy === undefined ? null : nowMs - entropy.entropy.atMs;
    const problems = [
      ...context.problems(),
      ...entropyProblems(entropyAgeMs, parameters.entropyPeriodMs * MAX_ENTROPY_PERIODS),
    ];
    const judgedThroughAgeMs = judged === undefined ? null : nowMs - context.timeOfIndex(judged);
    const latestEpoch = epoch?.epoch ?? null;
    return { ok: problems.length === 0, nowMs, problems, entropyAgeMs, judgedThroughAgeMs, latestEpoch };
  } catch (error) {
    log("error", "store does not answer", { error: String(error) });
    const problems = ["The store does not answer; the log says why", ...context.problems()];
    return { ok: false, nowMs, problems, ...unknown };
  }
}

function entropyProblems(ageMs: number | null, limitMs: number): string[] {
  if (ageMs === null) return ["No entropy has been published yet"];
  if (ageMs <= limitMs) return [];
  return [`The newest entropy is ${ageMs} ms old; at most ${limitMs} ms is healthy`];
}
