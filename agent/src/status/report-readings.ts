import { EARLIEST_PLAUSIBLE_MS } from "@earshot/protocol/hotspot";
import type { CoreContext } from "../core-context.ts";
import { pause } from "../time/pause.ts";

/** What is told each reading period. */
export interface Reporter {
  report(): Promise<void>;
}

/**
 * Has all sources report at the same time, so that their packets share one write to the memory card. While the clock is
 * not set they go on summing up: no packet could say when.
 */
export async function reportReadings(
  { clock, config }: CoreContext,
  reporters: readonly Reporter[],
  signal: AbortSignal,
): Promise<void> {
  while (await pause(clock, config.readingPeriodMs, signal)) {
    if (clock.now() >= EARLIEST_PLAUSIBLE_MS)
      await Promise.all(reporters.map((reporter) => reporter.report()));
  }
}
