import { type Clock, epochOf, type Log } from "@earshot/protocol";
import type { Limits } from "../access/hotspot-limits.ts";
import type { Store } from "../store/store.ts";
import type { Progress } from "../time/progress.ts";

interface ForgetUnheardDeps {
  store: Pick<Store, "forgetUnshown">;
  limits: Pick<Limits, "maxUnheard" | "unheardDays">;
  progress: Progress;
  clock: Pick<Clock, "now">;
  log: Log;
}

/** Hotspots that are forgotten before other work gets its turn. */
const FORGOTTEN_AT_ONCE = 1000;
/** Open epochs in which a report is looked for: normally two. While more are open nobody is forgotten. */
const MAX_OPEN_EPOCHS = 64;
const DAY_MS = 86_400_000;

/**
 * Forgets hotspots that registered themselves and have not reported, where they are too many or silent for too long: keys
 * are free. With its next status packet, which asserts its place, a forgotten one registers again.
 * @returns ids; `isAll`: whether that was all there is to forget
 */
export async function forgetUnheard({
  clock,
  limits,
  log,
  progress,
  store,
}: ForgetUnheardDeps): Promise<{ forgotten: string[]; isAll: boolean }> {
  const { openEpoch, parameters } = progress;
  // What counts from the next epoch may be announced for the last time already.
  if (progress.changeAtMs(clock.now()) !== clock.now()) return { forgotten: [], isAll: true };
  // Reports may be about the epoch that is about to begin.
  const last = epochOf(Math.floor(clock.now() / parameters.entropyPeriodMs), parameters) + 1;
  const open = Math.max(1, last - openEpoch + 1);
  if (open > MAX_OPEN_EPOCHS) return { forgotten: [], isAll: true };
  const forgotten = await store.forgetUnshown({
    beforeMs: clock.now() - limits.unheardDays * DAY_MS,
    keep: limits.maxUnheard,
    limit: FORGOTTEN_AT_ONCE,
    epochs: Array.from({ length: open }, (_, i) => openEpoch + i),
  });
  const isAll = forgotten.length < FORGOTTEN_AT_ONCE;
  if (forgotten.length > 0) log.info("Hotspots forgotten that never reported", { count: forgotten.length });
  return { forgotten, isAll };
}
