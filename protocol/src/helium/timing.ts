/** A witness report may follow the beacon report by so much, where that came first. */
export const MAX_BEACON_TO_WITNESS_LAG_MS = 4000;
/** Else it may follow the first witness report by so much. */
export const MAX_WITNESS_LAG_MS = 1500;
/** A hotspot must lately have done the other thing too: HIP 106. */
export const RECIPROCITY_MS = 48 * 3_600_000;

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000);

/** Both ends count, in whole seconds. */
export function isWithinLifespan(receivedAtMs: number, entropyMs: number, lifespanS: number): boolean {
  const received = wholeSeconds(receivedAtMs);
  return received >= wholeSeconds(entropyMs) && received <= wholeSeconds(entropyMs + lifespanS * 1000);
}

/** One beacon for each stretch of the interval, counted from the Unix epoch; the first of all passes. */
export const isNewInterval = (
  receivedAtMs: number,
  lastBeaconMs: number | undefined,
  intervalMs: number,
): boolean =>
  lastBeaconMs === undefined || Math.floor(receivedAtMs / intervalMs) > Math.floor(lastBeaconMs / intervalMs);

/** How long after what came first, and how much is allowed. Hole 1 again: a late beacon report shortens it for all. */
export function witnessLag(
  beaconReceivedAtMs: number,
  firstWitnessReceivedAtMs: number,
  receivedAtMs: number,
): { lagMs: number; maxLagMs: number } {
  return beaconReceivedAtMs <= firstWitnessReceivedAtMs
    ? { lagMs: receivedAtMs - beaconReceivedAtMs, maxLagMs: MAX_BEACON_TO_WITNESS_LAG_MS }
    : { lagMs: receivedAtMs - firstWitnessReceivedAtMs, maxLagMs: MAX_WITNESS_LAG_MS };
}

export const isReciprocal = (receivedAtMs: number, lastMs: number | undefined): boolean =>
  lastMs !== undefined && receivedAtMs - lastMs < RECIPROCITY_MS;
