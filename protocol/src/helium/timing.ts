/** How much later than the beacon report a witness report may arrive, if the beacon report came first. */
const MAX_BEACON_TO_WITNESS_LAG_MS = 4000;
/** Otherwise, how much later than the first witness report. */
const MAX_WITNESS_LAG_MS = 1500;
/** HIP 106: within this time a hotspot must have been heard to be paid as a witness, and have heard others for its beacons to be valid. */
export const RECIPROCITY_MS = 48 * 3_600_000;

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000);

/** In whole seconds, both ends included. */
export function isWithinLifespan(receivedAtMs: number, entropyMs: number, lifespanS: number): boolean {
  const received = wholeSeconds(receivedAtMs);
  return received >= wholeSeconds(entropyMs) && received <= wholeSeconds(entropyMs + lifespanS * 1000);
}

/** One beacon per interval, counted from the Unix epoch; a hotspot's first beacon always passes. */
export const isNewInterval = (
  receivedAtMs: number,
  lastBeaconMs: number | undefined,
  intervalMs: number,
): boolean =>
  lastBeaconMs === undefined || Math.floor(receivedAtMs / intervalMs) > Math.floor(lastBeaconMs / intervalMs);

/** How much later than the first report, and how much is allowed. Hole 1 again: a late beacon report shortens it for all. */
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
