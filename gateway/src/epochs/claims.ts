import {
  buildTree,
  equalBytes,
  type Leaf,
  type MerkleTree,
  type NetworkParameters,
  publicKeyOf,
} from "@earshot/protocol";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { StoredPayment } from "../store/records.ts";
import type { Store } from "../store/store.ts";

/** What one hotspot may claim with an epoch's root, and the proof for the contract. */
export interface Claim {
  epoch: number;
  hotspotId: string;
  chainId: bigint;
  /** 20 bytes. */
  contract: Uint8Array;
  /** The hotspot's public key: `bytes32` in the leaf. */
  hotspot: Uint8Array;
  /** 20 bytes; zeros while the owner has asserted none. */
  payee: Uint8Array;
  /** All that was ever awarded, this epoch included. */
  cumulative: bigint;
  /** Of it, in this epoch. */
  delta: bigint;
  root: Uint8Array;
  /** Siblings from the leaf up to the root, 32 bytes each. */
  proof: Uint8Array[];
}

interface ClaimDeps {
  store: Pick<Store, "epoch" | "payments">;
  parameters: Pick<NetworkParameters, "chainId" | "contract">;
}

/** A tree of a million leaves is 64 MB: the newest epoch's is asked for most, then the one before. */
const MAX_TREES = 2;

interface EpochClaims {
  tree: MerkleTree;
  payments: readonly StoredPayment[];
  /** Place of each hotspot's payment. */
  indexes: ReadonlyMap<string, number>;
}

/** The claims of closed epochs. The trees asked for last are kept, so that a claim does not build one each time. */
export class Claims {
  readonly #deps: ClaimDeps;
  readonly #trees = new BoundedMap<number, Promise<EpochClaims>>(MAX_TREES);

  constructor(deps: ClaimDeps) {
    this.#deps = deps;
  }

  /**
   * The claim of a hotspot in a closed epoch; `undefined` if the epoch is not closed or the hotspot was never paid.
   * @throws {Error} if the payments in the store do not give the root that was published
   */
  async of(epoch: number, hotspotId: string): Promise<Claim | undefined> {
    const closed = await this.#deps.store.epoch(epoch);
    if (closed === undefined) return undefined;
    const { tree, payments, indexes } = await this.#claimsOf(epoch, closed.root);
    const index = indexes.get(hotspotId);
    const payment = index === undefined ? undefined : payments[index];
    if (index === undefined || payment === undefined) return undefined;
    const { cumulative, delta } = payment;
    const leaf = leafOf(payment, this.#deps.parameters);
    return { epoch, hotspotId, ...leaf, cumulative, delta, root: tree.root, proof: tree.proof(index) };
  }

  #claimsOf(epoch: number, root: Uint8Array): Promise<EpochClaims> {
    const known = this.#trees.get(epoch);
    if (known !== undefined) return known;
    const built = this.#build(epoch, root);
    this.#trees.set(epoch, built);
    // What failed is tried again by the next who asks.
    built.catch(() => this.#trees.delete(epoch));
    return built;
  }

  async #build(epoch: number, root: Uint8Array): Promise<EpochClaims> {
    const { store, parameters } = this.#deps;
    const payments = await store.payments(epoch);
    const tree = buildTree(payments.map((payment) => leafOf(payment, parameters)));
    if (!equalBytes(tree.root, root)) {
      throw new Error(
        `Payments of epoch ${epoch} give another root than its manifest: were chain or contract changed?`,
      );
    }
    return { tree, payments, indexes: new Map(payments.map(({ hotspotId }, i) => [hotspotId, i])) };
  }
}

function leafOf(
  { hotspotId, payee, cumulative }: StoredPayment,
  { chainId, contract }: Pick<NetworkParameters, "chainId" | "contract">,
): Leaf {
  const hotspot = publicKeyOf(hotspotId);
  if (hotspot === undefined) throw new TypeError(`Payment to "${hotspotId}", which is no hotspot's id`);
  return { chainId, contract, hotspot, payee, cumulative };
}
