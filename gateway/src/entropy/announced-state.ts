import { type AnnouncedState, denialsInForce } from "@earshot/protocol";
import { denialsHash, EMPTY_REGISTRY_HASH, registryHashAfter } from "../bundle/registry-hash.ts";
import type { DenialLog } from "../denials/denial-log.ts";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { Commitments } from "../registry/commitments.ts";
import type { Registry } from "../registry/registry.ts";
import type { StoredDenial } from "../store/records.ts";
import type { Store } from "../store/store.ts";

interface StateDeps {
  store: Pick<Store, "latestEpoch" | "changeRecords">;
  parameters: Pick<ParametersLog, "inForce">;
  denials: Pick<DenialLog, "all">;
  registry: Pick<Registry, "revision">;
  commitments: Pick<Commitments, "revision">;
}

/** The messages that `denials.cbor` of an epoch's bundle has, in order of subject. */
export function denialsOfEpoch(all: readonly StoredDenial[], epoch: number): StoredDenial[] {
  const messages = new Map(all.map((one) => [one.denial, one]));
  return [...denialsInForce([...messages.keys()], epoch)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, denial]) => messages.get(denial) ?? []);
}

/** Tells what epochs are judged by, as their bundles will show it. */
export class StateTeller {
  readonly #deps: StateDeps;
  #registry: { revision: string; closed: number; epoch: number; hash: Uint8Array } | undefined;

  constructor(deps: StateDeps) {
    this.#deps = deps;
  }

  /** What is announced before an epoch begins. Call it where nothing changes meanwhile. */
  async before(epoch: number): Promise<AnnouncedState> {
    const { denials, parameters, store } = this.#deps;
    const closed = await store.latestEpoch();
    return {
      closedEpoch: closed?.epoch ?? null,
      manifestHash: closed?.manifestHash ?? new Uint8Array(32),
      parametersHash: parameters.inForce(epoch).hash,
      denialsHash: denialsHash(denialsOfEpoch(denials.all, epoch).map(({ message }) => message)),
      registryHash: await this.#registryHash(epoch, closed),
    };
  }

  async #registryHash(
    epoch: number,
    closed: { epoch: number; registryHash: Uint8Array } | undefined,
  ): Promise<Uint8Array> {
    const { commitments, registry, store } = this.#deps;
    const revision = `${registry.revision} ${commitments.revision}`;
    const of = { revision, closed: closed?.epoch ?? -1, epoch };
    const known = this.#registry;
    if (known?.revision === of.revision && known.closed === of.closed && known.epoch === epoch)
      return known.hash;
    const records = await store.changeRecords(of.closed, epoch);
    const hash = registryHashAfter(closed?.registryHash ?? EMPTY_REGISTRY_HASH, records);
    this.#registry = { ...of, hash };
    return hash;
  }
}
