import type { BundleStore } from "../bundle/bundle-store.ts";
import type { StoredEpoch } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { PublicLog, SignedHead } from "./public-log.ts";

interface ManifestProofsDeps {
  store: Pick<Store, "epochs">;
  bundles: Pick<BundleStore, "keepProof" | "hasProof">;
  log: Pick<PublicLog, "prove">;
}

const PAGE = 64;

/**
 * Puts beside each bundle the proof that its manifest is in the log, below a checkpoint that witnesses have cosigned.
 * Bundles that have none yet are the newest ones: those whose checkpoint waited for its cosignatures.
 */
export class ManifestProofs {
  readonly #deps: ManifestProofsDeps;
  /** Those that were proven below the newest checkpoint: it may get more cosignatures yet. */
  #newest: { size: number; epochs: StoredEpoch[] } = { size: -1, epochs: [] };

  constructor(deps: ManifestProofsDeps) {
    this.#deps = deps;
  }

  /** @returns the epochs that had none before */
  async keep(head: SignedHead): Promise<number[]> {
    if (this.#newest.size !== head.size) this.#newest = { size: head.size, epochs: [] };
    const again = this.#newest.epochs;
    for (const epoch of again) await this.#prove(epoch, head);
    const kept: StoredEpoch[] = [];
    for (const epoch of await this.#unproven()) {
      if (!(await this.#prove(epoch, head))) break;
      kept.push(epoch);
    }
    this.#newest.epochs = [...again, ...kept];
    return kept.map(({ epoch }) => epoch);
  }

  async #prove({ epoch, bundle }: StoredEpoch, head: SignedHead): Promise<boolean> {
    const proof = await this.#deps.log.prove("manifest", epoch, head);
    if (proof !== undefined) this.#deps.bundles.keepProof(bundle, proof);
    return proof !== undefined;
  }

  /** The oldest first: killed in between, the rest is found again. */
  async #unproven(): Promise<StoredEpoch[]> {
    const { store, bundles } = this.#deps;
    const found: StoredEpoch[] = [];
    for (let after: string | undefined; ; ) {
      const page = await store.epochs({ limit: PAGE, ...(after !== undefined && { after }) });
      const proven = page.findIndex(({ bundle }) => bundles.hasProof(bundle));
      found.push(...(proven < 0 ? page : page.slice(0, proven)));
      if (proven >= 0 || page.length < PAGE) return found.reverse();
      after = String(page.at(-1)?.epoch);
    }
  }
}
