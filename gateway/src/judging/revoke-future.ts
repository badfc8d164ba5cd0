import {
  type Clock,
  isKeyChange,
  type Log,
  type NetworkParameters,
  type RoleSigners,
  registrationMessage,
  type Signer,
} from "@earshot/protocol";
import type { BundleStore } from "../bundle/bundle-store.ts";
import type { DenialLog } from "../denials/denial-log.ts";
import type { GatewayMetrics } from "../monitoring/metrics.ts";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { Commitments } from "../registry/commitments.ts";
import type { Registry } from "../registry/registry.ts";
import type { Revoked, Store } from "../store/store.ts";
import type { Progress } from "../time/progress.ts";

/*
 * After a clock was ahead for long enough to be trusted, and was set back: whatever it made later than the present time
 * would block the gateway until the present has caught up, so it is revoked. Entropy is made anew, epochs that closed
 * before they were over are open again, open epochs are judged again, and what the operator registered or denied is
 * signed again, with the right time.
 */

interface RevokeDeps {
  deps: {
    /** As configured. */
    parameters: NetworkParameters;
    store: Store;
    clock: Pick<Clock, "now">;
    bundles: Pick<BundleStore, "contacts" | "setAside">;
    log: Log;
    signer: Signer | RoleSigners;
  };
  parameters: ParametersLog;
  progress: Progress;
  registry: Registry;
  commitments: Commitments;
  denials: DenialLog;
  metrics: GatewayMetrics;
}

/** Call while nothing judges and nothing is being stored. */
export async function revokeFuture({
  deps,
  parameters,
  progress,
  registry,
  commitments,
  denials,
  metrics,
}: RevokeDeps): Promise<Revoked | undefined> {
  const { store, clock, bundles, log } = deps;
  const nowMs = clock.now();
  const contactsBefore = (bundle: string) => {
    const contacts = bundles.contacts(bundle);
    if (contacts === undefined) log.error("Cannot read the contacts before an epoch", { bundle });
    return contacts ?? new Map();
  };
  const revoked = await store.revokeAfter(nowMs, parameters.fixed, contactsBefore);
  if (revoked === undefined) return undefined;
  for (const { bundle } of revoked.epochs) bundles.setAside(bundle);
  const latest = (await store.latestEntropy())?.entropy;
  progress.rewindTo(revoked.judgedThrough, revoked.openEpoch, latest);
  registry.forget(revoked.hotspots.map(({ id }) => id));
  commitments.forgetAll();
  await denials.reload();
  await parameters.reload(deps.parameters, deps);
  metrics.entropyIndex = latest?.index ?? -1;
  metrics.judgedThrough = revoked.judgedThrough;
  metrics.closedEpoch = revoked.openEpoch - 1;
  log.warn("Revoked what was made in the future", {
    now: new Date(nowMs).toISOString(),
    entropy: revoked.entropy,
    epochs: revoked.epochs.map(({ epoch }) => epoch),
    packets: revoked.packets,
    hotspots: revoked.hotspots.length,
    denials: revoked.denials.length,
  });
  return revoked;
}

/** Applies revoked registrations and denials again, under the usual mutex: call when revoking is over. */
export async function reapply(
  { hotspots, denials: revoked }: Pick<Revoked, "hotspots" | "denials">,
  {
    deps: { log },
    parameters,
    registry,
    denials,
  }: Pick<RevokeDeps, "parameters" | "registry" | "denials"> & {
    deps: { log: Log };
  },
): Promise<void> {
  for (const { id, change } of hotspots) {
    const { network } = parameters.fixed;
    if (isKeyChange(change.evidence)) {
      const changed = await registry.changeKey(change.evidence);
      // Both hotspots that it is about have it.
      const isDone = changed.ok || changed.code === "already_known";
      if (!isDone) log.error("Cannot change a key again", { hotspot: id, problem: changed.message });
      continue;
    }
    const registration = registrationMessage.open(change.evidence, network);
    // An owner repeats it with each status packet.
    if (!registration.ok) continue;
    const { atMs: _atMs, ...registered } = registration.value;
    const added = await registry.add(registered);
    if (!added.ok) log.error("Cannot list a hotspot again", { hotspot: id, problem: added.message });
  }
  for (const { denial } of revoked) {
    const epochs = denial.untilEpoch - denial.fromEpoch;
    if (epochs > 0) await denials.deny(denial, epochs);
    else await denials.revoke(denial);
  }
}
