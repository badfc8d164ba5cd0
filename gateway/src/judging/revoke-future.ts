import { join } from "node:path";
import {
  type Clock,
  type Log,
  type NetworkParameters,
  registrationMessage,
  type Signer,
} from "@earshot/protocol";
import { readBundleContacts, setAside } from "../bundle/bundle-folder.ts";
import type { DenialLog } from "../denials/denial-log.ts";
import type { GatewayMetrics } from "../monitoring/metrics.ts";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { Registry } from "../registry/registry.ts";
import type { Revoked, Store } from "../store/store.ts";
import type { Progress } from "../time/progress.ts";

/*
 * After a clock was ahead for long enough to be believed, and is back: whatever it made later than the present time
 * would stand in the way until the present has caught up with it, so it is taken back. Entropy is made anew, epochs that
 * closed before they were over are open again, what is open is judged again, and what the operator said is said again,
 * with the right time.
 */

export interface RevokeDeps {
  deps: {
    /** As configured. */
    parameters: NetworkParameters;
    store: Store;
    clock: Pick<Clock, "now">;
    bundlesDir: string;
    log: Log;
    signer: Signer;
  };
  parameters: ParametersLog;
  progress: Progress;
  registry: Registry;
  denials: DenialLog;
  metrics: GatewayMetrics;
}

/** Call while nothing judges and nothing is being stored. */
export async function revokeFuture({
  deps,
  parameters,
  progress,
  registry,
  denials,
  metrics,
}: RevokeDeps): Promise<Revoked | undefined> {
  const { store, clock, bundlesDir, log } = deps;
  const nowMs = clock.now();
  const contactsBefore = (bundle: string) => {
    const contacts = readBundleContacts(join(bundlesDir, bundle));
    if (contacts === undefined) log.error("Cannot read the contacts before an epoch", { bundle });
    return contacts ?? new Map();
  };
  const taken = await store.revokeAfter(nowMs, parameters.fixed, contactsBefore);
  if (taken === undefined) return undefined;
  for (const { bundle } of taken.epochs) setAside(bundlesDir, bundle);
  const latest = (await store.latestEntropy())?.entropy;
  progress.goBackTo(taken.judgedThrough, taken.openEpoch, latest);
  registry.forget(taken.hotspots.map(({ id }) => id));
  await denials.reload();
  await parameters.reload(deps.parameters, deps);
  metrics.entropyIndex = latest?.index ?? -1;
  metrics.judgedThrough = taken.judgedThrough;
  metrics.closedEpoch = taken.openEpoch - 1;
  log.warn("Took back what was made in a time that has not come", {
    now: new Date(nowMs).toISOString(),
    entropy: taken.entropy,
    epochs: taken.epochs.map(({ epoch }) => epoch),
    packets: taken.packets,
    hotspots: taken.hotspots.length,
    denials: taken.denials.length,
  });
  return taken;
}

/** By the ordinary ways, which judging shares: call when `revokeFuture` is over. */
export async function reapply(
  { hotspots, denials: taken }: Revoked,
  { deps: { log }, parameters, registry, denials }: RevokeDeps,
): Promise<void> {
  for (const { id, change } of hotspots) {
    const word = registrationMessage.open(change.evidence, parameters.fixed.network);
    // An owner says the same again with each status packet.
    if (!word.ok) continue;
    const { atMs: _atMs, ...said } = word.value;
    const added = await registry.add(said);
    if (!added.ok) log.error("Cannot list a hotspot again", { hotspot: id, problem: added.message });
  }
  for (const { denial } of taken) {
    const epochs = denial.untilEpoch - denial.fromEpoch;
    if (epochs > 0) await denials.deny(denial, epochs);
    else await denials.revoke(denial);
  }
}
