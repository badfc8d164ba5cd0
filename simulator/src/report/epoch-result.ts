import type { StoredEpoch, StoredPayment, StoredVerdict } from "@earshot/gateway";

/** One closed epoch, as the gateway has it and as the check of its bundle came out. */
export interface EpochResult {
  epoch: StoredEpoch;
  verdicts: readonly StoredVerdict[];
  payments: readonly StoredPayment[];
  /** Root recomputed from the packets of the written bundle, 0x hex; undefined when it could not be. */
  recomputedRoot: string | undefined;
  /** What the check of the bundle found to differ, in words. */
  difference?: string;
}
