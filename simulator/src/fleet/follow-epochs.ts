import { join } from "node:path";
import { ReadingQueue } from "@earshot/drivers";
import {
  type CarriedOver,
  carriedOver,
  type Gateway,
  type Store,
  type StoredEpoch,
  type VerifyReport,
  verifyBundle,
} from "@earshot/gateway";
import { type EpochResult, tallyVerdicts } from "../report/epoch-result.ts";

interface FollowedGateway {
  gateway: Pick<Gateway, "events">;
  store: Store;
  bundlesDir: string;
  /** Earlier epochs are verified but not reported: the fleet was still starting. */
  firstEpoch: number;
}

/** Closed epochs that wait to be verified; far more than there are at any time. */
const CAPACITY = 1024;

/**
 * Verifies the bundle of each epoch as it closes, as the successor of the one before. Ends when `signal` is aborted.
 */
export async function* followEpochs(
  followed: FollowedGateway,
  signal: AbortSignal,
): AsyncGenerator<EpochResult, void, void> {
  const closed = new ReadingQueue<StoredEpoch>({ capacity: CAPACITY });
  const unlisten = followed.gateway.events.listen((event) => {
    if (event.kind === "epoch") closed.push(event.epoch);
  });
  signal.addEventListener("abort", () => closed.end(), { once: true });
  if (signal.aborted) closed.end();
  let previous: CarriedOver | undefined;
  try {
    for await (const epoch of closed) {
      const path = join(followed.bundlesDir, epoch.bundle);
      const report = await verifyBundle(path, previous === undefined ? {} : { previous });
      previous = report.verified && carriedOver(report.verified);
      if (epoch.epoch >= followed.firstEpoch) yield await resultOf(epoch, followed.store, report);
    }
  } finally {
    unlisten();
  }
}

async function resultOf(epoch: StoredEpoch, store: Store, report: VerifyReport): Promise<EpochResult> {
  const { difference } = report;
  return {
    epoch,
    verdicts: tallyVerdicts(
      report.verified?.judgement.verdicts ?? (await store.verdictsOfEpoch(epoch.epoch)),
    ),
    payments: await store.payments(epoch.epoch),
    recomputedRoot: report.recomputedRoot,
    ...(difference === undefined
      ? {}
      : {
          difference: `${difference.file} differs at ${difference.at}: expected ${difference.expected}, found ${difference.found}`,
        }),
  };
}
