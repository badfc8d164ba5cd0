import { type NetworkParameters, reportDeadlineMs } from "@earshot/protocol";

/**
 * Whether something about a beacon may be published: its report deadline has passed. All that this API shows of beacons
 * comes from judgements, which are made later still; this second check protects the embargo even if judging errs.
 */
export const isPublic = (
  entropyIndex: number,
  nowMs: number,
  parameters: Pick<NetworkParameters, "entropyPeriodMs" | "reportDeadlineMs">,
): boolean => nowMs > reportDeadlineMs(entropyIndex, parameters);
