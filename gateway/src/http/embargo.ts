import { type NetworkParameters, revealDeadlineMs } from "@earshot/protocol";

/**
 * Whether something about a beacon may be published: the time in which it may be revealed is over. All that this API shows of beacons
 * comes from judgements, which are made later still; this second check protects the embargo even if judging errs.
 */
export const isPublic = (
  entropyIndex: number,
  nowMs: number,
  parameters: Pick<NetworkParameters, "entropyPeriodMs" | "revealDeadlineMs">,
): boolean => nowMs > revealDeadlineMs(entropyIndex, parameters);
