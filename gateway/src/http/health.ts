import { epochOf, revealDeadlineMs } from "@earshot/protocol";
import type { z } from "@hono/zod-openapi";
import type { RouteContext } from "./context.ts";
import type { healthSchema } from "./schemas/network.ts";

export type Health = z.infer<typeof healthSchema>;

/** Publishing may be late by one period before it counts as stuck. */
const MAX_ENTROPY_PERIODS = 2;
/** So much later than it can be done at the earliest, judging or closing counts as stuck. */
const MAX_LATE_PERIODS = 5;
/** Less free space than both is reported: the store needs room to go on. */
const MIN_FREE_BYTES = 200_000_000;
const MIN_FREE_SHARE = 0.05;

/**
 * Whether the gateway does its work: clock and broker, the store's newest write, and the age of what it makes. Each
 * problem is a sentence with the value and its limit.
 */
export async function healthOf(context: RouteContext): Promise<Health> {
  const { store, clock, storeOutages } = context;
  const nowMs = clock.now();
  const problems = [...context.problems(), ...diskProblems(context)];
  try {
    const [entropy, judged, epoch] = await Promise.all([
      store.latestEntropy(),
      store.judgedThrough(),
      store.latestEpoch(),
    ]);
    storeOutages.works("store answers again");
    const entropyAgeMs = entropy === undefined ? null : nowMs - entropy.entropy.atMs;
    problems.push(...entropyProblems(entropyAgeMs, context), ...judgingProblems(judged, nowMs, context));
    problems.push(...(await closingProblems(epoch?.epoch ?? -1, nowMs, context)));
    const judgedThroughAgeMs = judged === undefined ? null : nowMs - context.timeOfIndex(judged);
    const latestEpoch = epoch?.epoch ?? null;
    return { ok: problems.length === 0, nowMs, problems, entropyAgeMs, judgedThroughAgeMs, latestEpoch };
  } catch (error) {
    storeOutages.down("error", "store does not answer", { err: error });
    problems.push("The store does not answer; the log says why");
    const unknown = { entropyAgeMs: null, judgedThroughAgeMs: null, latestEpoch: null };
    return { ok: false, nowMs, problems, ...unknown };
  }
}

function diskProblems({ disk }: RouteContext): string[] {
  const found = disk?.();
  if (found === undefined) return [];
  const limitBytes = Math.floor(Math.min(MIN_FREE_BYTES, found.totalBytes * MIN_FREE_SHARE));
  if (found.freeBytes >= limitBytes) return [];
  return [`${found.freeBytes} bytes are free where the state is kept; at least ${limitBytes} are healthy`];
}

function entropyProblems(ageMs: number | null, { parameters }: RouteContext): string[] {
  const limitMs = parameters.entropyPeriodMs * MAX_ENTROPY_PERIODS;
  if (ageMs === null) return ["No entropy has been published yet"];
  if (ageMs <= limitMs) return [];
  return [`The newest entropy is ${ageMs} ms old; at most ${limitMs} ms is healthy`];
}

/** An index can be judged in the period after its report deadline, when the first entropy after that is there. */
function judgingProblems(judged: number | undefined, nowMs: number, { parameters }: RouteContext): string[] {
  if (judged === undefined) return [];
  const { entropyPeriodMs } = parameters;
  const ageMs = nowMs - revealDeadlineMs(judged + 1, parameters);
  const limitMs = entropyPeriodMs * (1 + MAX_LATE_PERIODS);
  if (ageMs <= limitMs) return [];
  return [
    `Judging is behind: reports about index ${judged + 1} are due for ${ageMs} ms; at most ${limitMs} ms is healthy`,
  ];
}

/** @param latest the newest closed epoch, -1 before the first */
async function closingProblems(
  latest: number,
  nowMs: number,
  { store, parameters }: RouteContext,
): Promise<string[]> {
  const { entropyPeriodMs, epochPeriods } = parameters;
  // Epochs in which the network was down are skipped.
  const first = await store.firstEntropy((latest + 1) * epochPeriods);
  if (first === undefined) return [];
  const epoch = epochOf(first.entropy.index, parameters);
  const ageMs = nowMs - revealDeadlineMs((epoch + 1) * epochPeriods - 1, parameters);
  const limitMs = entropyPeriodMs * (1 + MAX_LATE_PERIODS);
  if (ageMs <= limitMs) return [];
  return [`Closing is behind: epoch ${epoch} is due for ${ageMs} ms; at most ${limitMs} ms is healthy`];
}
