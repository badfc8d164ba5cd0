import { buildTree, equalBytes, type Leaf, type NetworkParameters, publicKeyOf } from "@earshot/protocol";
import type { Store, StoredPayment } from "../store/store.ts";

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

export interface ClaimDeps {
  store: Pick<Store, "epoch" | "payments">;
  parameters: Pick<NetworkParameters, "chainId" | "contract">;
}

/**
 * The claim of a hotspot in a closed epoch; `undefined` if the epoch is not closed or the hotspot was never paid.
 * @throws {Error} if the payments in the store do not give the root that was published
 */
export async function claimOf(
  { store, parameters }: ClaimDeps,
  epoch: number,
  hotspotId: string,
): Promise<Claim | undefined> {
  const closed = await store.epoch(epoch);
  if (closed === undefined) return undefined;
  const payments = await store.payments(epoch);
  const index = payments.findIndex((payment) => payment.hotspotId === hotspotId);
  const payment = payments[index];
  if (payment === undefined) return undefined;
  const leaves = payments.map((each) => leafOf(each, parameters));
  const tree = buildTree(leaves);
  if (!equalBytes(tree.root, closed.root)) {
    throw new Error(
      `Payments of epoch ${epoch} give another root than its manifest: were chain or contract changed?`,
    );
  }
  const { cumulative, delta } = payment;
  return {
    epoch,
    hotspotId,
    ...(leaves[index] as Leaf),
    cumulative,
    delta,
    root: tree.root,
    proof: tree.proof(index),
  };
}

function leafOf(
  { hotspotId, payee, cumulative }: StoredPayment,
  { chainId, contract }: Pick<NetworkParameters, "chainId" | "contract">,
): Leaf {
  const hotspot = publicKeyOf(hotspotId);
  if (hotspot === undefined) throw new TypeError(`Payment to "${hotspotId}", which is no hotspot's id`);
  return { chainId, contract, hotspot, payee, cumulative };
}
