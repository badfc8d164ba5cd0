import {
  type ChosenRules,
  type Clock,
  chosenRules,
  epochAtMs,
  type FIXED_PARAMETERS,
  type LiveRuleSet,
  liveRuleSets,
  type NetworkParameters,
  parametersHash,
  parametersInForce,
  parametersMessage,
  type RoleSigners,
  type RuleSet,
  type Signer,
  successionProblem,
} from "@earshot/protocol";
import { ConfigError } from "@earshot/protocol/runtime/config";
import type { StoredParameters } from "../store/records.ts";
import type { Store } from "../store/store.ts";

/**
 * The values that all versions of a network's parameters share (entropy, filing, deadlines, claims); everything else
 * depends on the epoch.
 */
export type FixedParameters = Pick<NetworkParameters, (typeof FIXED_PARAMETERS)[number]>;

interface ParametersLogDeps {
  store: Pick<Store, "parametersVersions" | "addParameters" | "latestEpoch">;
  clock: Pick<Clock, "now">;
  signer: Signer | RoleSigners;
  /** That this program has; `RULE_SETS` when absent. */
  ruleSets?: readonly RuleSet[] | undefined;
}

/** One version, as published. */
export interface PublishedParameters extends StoredParameters {
  /** `parametersHash`. */
  hash: Uint8Array;
  /** What its epochs are judged by, or why this program cannot. */
  rules: ChosenRules<LiveRuleSet>;
}

export const publishedParameters = (
  stored: StoredParameters,
  sets: readonly LiveRuleSet[] = liveRuleSets(),
): PublishedParameters => ({
  ...stored,
  hash: parametersHash(stored.parameters),
  rules: chosenRules(stored.parameters, sets),
});

/** Every version of the network's parameters, and which one is in force when. */
export class ParametersLog {
  #versions: readonly PublishedParameters[] = [];

  /** Ascending. */
  get versions(): readonly PublishedParameters[] {
    return this.#versions;
  }

  /**
   * Reads what earlier runs have published and adds what the configuration says now, if that is new: as the first
   * version of a new network, else as the next one, in force from the next epoch that has not begun.
   * @param wanted what is configured; version and activation epoch in it do not matter
   * @throws {ConfigError} if a value differs that a running network cannot change
   */
  static async load(wanted: NetworkParameters, deps: ParametersLogDeps): Promise<ParametersLog> {
    const log = new ParametersLog();
    await log.reload(wanted, deps);
    return log;
  }

  /** `load` again, after versions were taken out of the store. */
  async reload(wanted: NetworkParameters, deps: ParametersLogDeps): Promise<void> {
    const versions = await deps.store.parametersVersions();
    const sets = liveRuleSets(deps.ruleSets);
    const newest = versions.at(-1)?.parameters;
    // What a later program has announced is not undone by one that does not know it.
    const isKnown = newest === undefined || chosenRules(newest, sets).ok;
    const next = isKnown ? await nextVersion(wanted, newest, deps) : undefined;
    if (next !== undefined) {
      const message = parametersMessage.seal(next, deps.signer, next.network);
      await deps.store.addParameters(next, message);
      versions.push({ parameters: next, message });
    }
    this.#versions = versions.map((stored) => publishedParameters(stored, sets));
  }

  get fixed(): FixedParameters {
    return this.inForce(0).parameters;
  }

  /** What an epoch is judged and paid by. */
  inForce(epoch: number): PublishedParameters {
    const parameters = parametersInForce(
      this.versions.map((version) => version.parameters),
      epoch,
    );
    const found = this.versions.find((version) => version.parameters === parameters);
    if (found === undefined) throw new RangeError(`No parameters are in force in epoch ${epoch}`);
    return found;
  }

  /** The one that waits for its epoch, if any; of several the first. */
  next(epoch: number): PublishedParameters | undefined {
    return this.versions.find(({ parameters }) => parameters.activationEpoch > epoch);
  }

  /** Why this program cannot judge an epoch; `undefined` when it can. */
  problem(epoch: number): string | undefined {
    const { rules } = this.inForce(epoch);
    if (rules.ok) return undefined;
    return `Epoch ${epoch} cannot be judged: ${rules.problem}. Its packets are kept for a program that has them`;
  }

  /** The first version after `epoch` by which this program will not be able to judge, as a sentence. */
  announcedProblem(epoch: number): string | undefined {
    for (const { parameters, rules } of this.versions) {
      const { activationEpoch } = parameters;
      if (activationEpoch <= epoch || rules.ok) continue;
      return `From epoch ${activationEpoch} on nothing can be judged: ${rules.problem}. Update this gateway before then`;
    }
    return undefined;
  }
}

async function nextVersion(
  wanted: NetworkParameters,
  newest: NetworkParameters | undefined,
  { store, clock }: ParametersLogDeps,
): Promise<NetworkParameters | undefined> {
  if (newest === undefined) return { ...wanted, version: 1, activationEpoch: 0 };
  // What only a later program knows stays; a name that is missing stays so, unless another value than off is wanted.
  const { version, activationEpoch, absent, unknown } = newest;
  const same = { ...wanted, version, activationEpoch, absent, unknown };
  if (parametersHash(same).toHex() === parametersHash(newest).toHex()) return undefined;
  // In an epoch's last period it may be too late to announce what counts from the next.
  const current = epochAtMs(clock.now() + newest.entropyPeriodMs, newest);
  const closed = (await store.latestEpoch())?.epoch ?? 0;
  const next = {
    ...{ ...wanted, unknown },
    version: version + 1,
    activationEpoch: Math.max(current, closed + 1, activationEpoch) + 1,
  };
  const problem = successionProblem(newest, next);
  if (problem !== undefined) throw new ConfigError([problem]);
  return next;
}
