import type { ProvenBeacon } from "../judging/proven-beacon.ts";
import { buildTree, type Leaf, type MerkleTree } from "../merkle/merkle-tree.ts";
import type { NetworkParameters } from "../parameters/parameters.ts";
import type { Hotspot } from "../registry/registry.ts";
import { densityScales, SCALE_UNIT } from "./density.ts";
import { beaconerUnits, splitPool, witnessUnits } from "./rewards.ts";

/** One line of an epoch's payments. Amounts in smallest units. */
interface Payment {
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

/** What amounts depend on besides the verdicts. */
export interface SettlementInputs {
  parameters: NetworkParameters;
  hotspots: readonly Pick<Hotspot, "id" | "publicKey" | "payee" | "cell">[];
  /** Cumulative amounts at the end of the previous epoch, by hotspot id. */
  before: ReadonlyMap<string, bigint>;
}

/** Payments for the proven beacons of an epoch, and the Merkle tree of cumulative amounts. */
export function settleEpoch(
  { proven }: { proven: readonly ProvenBeacon[] },
  { parameters, hotspots, before }: SettlementInputs,
): Settlement {
  const known = new Map(hotspots.map((hotspot) => [hotspot.id, hotspot]));
  const { amounts, paid, unallocated } = splitPool({
    pool: parameters.poolPerEpoch,
    beaconerShareBp: parameters.beaconerShareBp,
    entries: unitsOf(proven, scalesOf(proven, parameters, known)),
  });
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

type Known = ReadonlyMap<string, Pick<Hotspot, "publicKey" | "cell">>;

/**
 * The density scale of each beaconer, in units of 1e-4: the more hotspots around it were validly heard in this epoch, the
 * less its beacons are worth (HIP 17 with the table of HIP 104). Exact fractions, rounded half to even once.
 *
 * Only proven beacons count, those that are paid: a beacon that reciprocity refuses, or whose witnesses it refuses,
 * does not. Helium counted them (hole 9 of the reference), so transmitters that hear nobody could make a neighbour's
 * beacons worth less at no cost; here whoever makes others earn less must itself hear, be heard, and share the place.
 */
function scalesOf(
  proven: readonly ProvenBeacon[],
  { densityScaling }: Pick<NetworkParameters, "densityScaling">,
  known: Known,
): Map<string, bigint> {
  const beaconers = [...new Set(proven.map(({ beaconer }) => beaconer))];
  const cells = new Map(beaconers.map((id) => [id, known.get(id)?.cell ?? ""]));
  const scales = densityScaling === 0 ? new Map() : densityScales([...cells.values()].filter(Boolean));
  return new Map([...cells].map(([id, cell]) => [id, scales.get(cell) ?? SCALE_UNIT]));
}

/** Both sides earn by the density at the beaconer's position: there coverage was proven. */
function unitsOf(proven: readonly ProvenBeacon[], scales: ReadonlyMap<string, bigint>) {
  const entries = new Map<string, { beaconerUnits: bigint; witnessUnits: bigint }>();
  const add = (id: string, beaconer: bigint, witness: bigint) => {
    const entry = entries.get(id) ?? { beaconerUnits: 0n, witnessUnits: 0n };
    entries.set(id, {
      beaconerUnits: entry.beaconerUnits + beaconer,
      witnessUnits: entry.witnessUnits + witness,
    });
  };
  for (const { beaconer, witnesses } of proven) {
    const scale = scales.get(beaconer) ?? SCALE_UNIT;
    add(beaconer, scale * beaconerUnits(witnesses.length), 0n);
    for (const witness of witnesses) add(witness, 0n, scale * witnessUnits(witnesses.length));
  }
  return entries;
}
