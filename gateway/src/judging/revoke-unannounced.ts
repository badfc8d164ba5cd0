import type {
  AnnouncedState,
  Clock,
  Entropy,
  Log,
  NetworkParameters,
  RoleSigners,
  Signer,
} from "@earshot/protocol";
import { epochOf, equalBytes } from "@earshot/protocol";
import type { DenialLog } from "../denials/denial-log.ts";
import type { StateTeller } from "../entropy/announced-state.ts";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { Commitments } from "../registry/commitments.ts";
import type { Registry } from "../registry/registry.ts";
import type { Revoked, Store } from "../store/store.ts";

interface UnannouncedDeps {
  deps: {
    parameters: NetworkParameters;
    store: Store;
    clock: Pick<Clock, "now">;
    log: Log;
    signer: Signer | RoleSigners;
  };
  parameters: ParametersLog;
  registry: Registry;
  commitments: Commitments;
  denials: DenialLog;
  states: Pick<StateTeller, "before">;
}

/*
 * An epoch is judged by what the last entropy before it announced, or anybody could say afterwards that rules, denials and
 * registrations had been made before. A gateway that was killed or stood still after such a change, and comes back in the
 * next epoch, has announced it to nobody: then it is revoked before the epoch begins, and made again to count later.
 */

/**
 * Call it before the first entropy of an epoch. @param latest the last before
 * @returns what is to be applied again (`reapply`); undefined when all was announced
 */
export async function revokeUnannounced(
  latest: Entropy,
  epoch: number,
  { deps, parameters, registry, commitments, denials, states }: UnannouncedDeps,
): Promise<Pick<Revoked, "hotspots" | "denials"> | undefined> {
  const announced = latest.state;
  if (announced === null) return undefined;
  const next = epochOf(latest.index, parameters.fixed) + 1;
  if (isSame(announced, await states.before(next))) return undefined;
  const version = parameters.versions.find(
    ({ parameters: { activationEpoch }, hash }) =>
      activationEpoch >= next && activationEpoch <= epoch && !equalBytes(hash, announced.parametersHash),
  )?.parameters.version;
  const { clock, log, store } = deps;
  const which = { sinceMs: latest.atMs, untilEpoch: epoch, versionsFrom: version, nowMs: clock.now() };
  const revoked = await store.revokeUnannounced(which);
  registry.forget(revoked.hotspots.map(({ id }) => id));
  // Hotspots repeat with each status packet what they commit to.
  commitments.forgetAll();
  await denials.reload();
  if (version !== undefined) await parameters.reload(deps.parameters, deps);
  log.warn("What no entropy announced before the epoch is revoked, and made again to count later", {
    epoch,
    hotspots: revoked.hotspots.length,
    denials: revoked.denials.length,
    parameters: version ?? "none",
  });
  if (!isSame(announced, await states.before(next)))
    log.error("The epoch's rules, denials or registry are not those that were announced", { epoch });
  return revoked;
}

const isSame = (a: AnnouncedState, b: AnnouncedState): boolean =>
  (["parametersHash", "denialsHash", "registryHash"] as const).every((name) => equalBytes(a[name], b[name]));
