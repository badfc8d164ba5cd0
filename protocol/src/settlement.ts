import type { ProvenBeacon } from "./judging/judge.ts";
import { buildTree, type Leaf, type MerkleTree } from "./merkle.ts";
import type { NetworkParameters } from "./parameters.ts";
import type { Hotspot } from "./registry.ts";
import { beaconerUnits, splitPool, witnessUnits } from "./rewards.ts";

/** One line of an epoch's payments. Amounts in smallest units. */
export interface Payment {
  hotspotId: string;
  /** EVM address; twenty zeros while the owner has asserted none. */
  payee: Uint8Array;
  cumulative: bigint;
  delta: bigint;
}

export interface Settlement {
  pool: bigint;
  paid: bigint;
  unallocated: bigint;
  /** Every hotspot ever paid, sorted by id. */
  payments: Payment[];
  tree: MerkleTree;
}

const NO_PAYEE = new Uint8Array(20);

/** What amounts depend on beside the verdicts. */
export interface SettlementInputs {
  parameters: NetworkParameters;
  hotspots: readonly Pick<Hotspot, "id" | "publicKey" | "payee" | "cell">[];
  /** Cumulative amounts at the end of the previous epoch, by hotspot id. */
  before: ReadonlyMap<string, bigint>;
}

/** Turns what was proven into amounts and a Merkle tree of cumulative amounts. */
export function settleEpoch(
  { proven }: { proven: readonly ProvenBeacon[] },
  { parameters, hotspots, before }: SettlementInputs,
): Settlement {
  const { amounts, paid, unallocated } = splitPool({
    pool: parameters.poolPerEpoch,
    beaconerShareBp: parameters.beaconerShareBp,
    entries: unitsOf(proven),
  });
  const known = new Map(hotspots.map((hotspot) => [hotspot.id, hotspot]));
  const ids = [...new Set([...before.keys(), ...amounts.keys()])].sort();
  const payments = ids.map((hotspotId) => {
    const delta = amounts.get(hotspotId) ?? 0n;
    const payee = known.get(hotspotId)?.payee ?? NO_PAYEE;
    return { hotspotId, payee, cumulative: (before.get(hotspotId) ?? 0n) + delta, delta };
  });
  const leaves = payments.map((payment) => leafOf(payment, parameters, known));
  return { pool: parameters.poolPerEpoch, paid, unallocated, payments, tree: buildTree(leaves) };
}

function leafOf(
  payment: Payment,
  { chainId, contract }: NetworkParameters,
  known: ReadonlyMap<string, Pick<Hotspot, "publicKey">>,
): Leaf {
  const hotspot = known.get(payment.hotspotId);
  if (hotspot === undefined)
    throw new RangeError(`Hotspot ${payment.hotspotId} was paid but is not registered`);
  return {
    chainId,
    contract,
    hotspot: hotspot.publicKey,
    payee: payment.payee,
    cumulative: payment.cumulative,
  };
}

function unitsOf(proven: readonly ProvenBeacon[]) {
  const entries = new Map<string, { beaconerUnits: bigint; witnessUnits: bigint }>();
  const add = (id: string, beaconer: bigint, witness: bigint) => {
    const entry = entries.get(id) ?? { beaconerUnits: 0n, witnessUnits: 0n };
    entries.set(id, {
      beaconerUnits: entry.beaconerUnits + beaconer,
      witnessUnits: entry.witnessUnits + witness,
    });
  };
  for (const { beaconer, witnesses } of proven) {
    add(beaconer, beaconerUnits(witnesses.length), 0n);
    for (const witness of witnesses) add(witness, 0n, witnessUnits(witnesses.length));
  }
  return entries;
}
