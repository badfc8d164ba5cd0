import type { EpochJudgement } from "../judging/epoch.ts";
import type { ProvenBeacon } from "../judging/proven-beacon.ts";
import type { Verdict } from "../judging/types.ts";
import { DEFAULT_SCALE, densityScales } from "../rewards/density.ts";
import { beaconerUnits, witnessUnits } from "../rewards/rewards.ts";
import { type Settlement, type SettlementInputs, settleEpoch } from "../rewards/settlement.ts";
import { HELIUM_BEACON_RECIPROCITY } from "./beacon-rules.ts";
import { type HeliumShares, splitHeliumEpoch } from "./epoch-split.ts";
import { NOT_HEARD, STALE } from "./order.ts";

type Judged = Pick<EpochJudgement, "verdicts" | "proven">;

/** Scales and units count 1e-4 each, shares 1e-15. */
const SHARE_PER_SCALED_UNIT = 10n ** 7n;

/**
 * Pays an epoch as Helium did. The pool is its emissions; nobody spends data credits here, so their half goes to
 * beacons (16 % of the pool in all) and witnesses (64 %). The rest, Helium's operations, oracles and delegators, is
 * unallocated. `beaconerShareBp` of the parameters is ignored.
 */
export function settleHeliumEpoch(judgement: Judged, inputs: SettlementInputs): Settlement {
  const pool = inputs.parameters.poolPerEpoch;
  const shares = sharesOf(judgement, inputs);
  const { amounts, paid } = splitHeliumEpoch({ emissions: pool, shares });
  const cumulative = new Map(inputs.before);
  for (const [id, { beacon, witness }] of amounts)
    cumulative.set(id, (cumulative.get(id) ?? 0n) + beacon + witness);
  const settled = settleCumulative(cumulative, inputs);
  const payments = settled.payments.map((payment) => ({
    ...payment,
    delta: payment.cumulative - (inputs.before.get(payment.hotspotId) ?? 0n),
  }));
  return { ...settled, pool, paid, unallocated: pool - paid, payments };
}

/** A settlement that adds nothing to given amounts, so that payees, leaves and tree are made in one place only. */
const settleCumulative = (before: ReadonlyMap<string, bigint>, inputs: SettlementInputs): Settlement =>
  settleEpoch({ proven: [] }, { ...inputs, before });

function sharesOf(judgement: Judged, { hotspots }: SettlementInputs): Map<string, HeliumShares> {
  const cells = new Map(hotspots.map(({ id, cell }) => [id, cell]));
  const cellsOf = (ids: Iterable<string>) => [...ids].flatMap((id) => cells.get(id) ?? []);
  const scales = densityScales(cellsOf(witnessedBeaconers(judgement.verdicts)));
  const shares = new Map<string, HeliumShares>();
  for (const beacon of judgement.proven) {
    const scale = scales.get(cells.get(beacon.beaconer) ?? "") ?? DEFAULT_SCALE;
    addShares(shares, beacon, scale);
  }
  return shares;
}

/** The beaconer's density scale applies to both sides. */
function addShares(shares: Map<string, HeliumShares>, beacon: ProvenBeacon, scale: bigint): void {
  const { beaconer, witnesses } = beacon;
  const share = (units: bigint) => scale * units * SHARE_PER_SCALED_UNIT;
  const add = (id: string, side: "beacon" | "witness", amount: bigint) => {
    const own = shares.get(id) ?? { beacon: 0n, witness: 0n, dc: 0n };
    shares.set(id, { ...own, [side]: own[side] + amount });
  };
  add(beaconer, "beacon", share(beaconerUnits(witnesses.length)));
  for (const witness of witnesses) add(witness, "witness", share(witnessUnits(witnesses.length)));
}

/**
 * Who counts in the density: each hotspot with a beacon that satisfied rules 1 to 7 and had some witness report, even a
 * worthless one and even where reciprocity then failed (hole 9 of the reference, section 2.5). Helium looked back over
 * 60 hours; here it is the epoch.
 */
function witnessedBeaconers(verdicts: readonly Verdict[]): Set<string> {
  const standing = ["ok", NOT_HEARD, HELIUM_BEACON_RECIPROCITY.reason];
  const reported = new Set(
    verdicts
      .filter(({ type, reason }) => type === "witness" && reason !== STALE)
      .map(({ beaconKey }) => beaconKey),
  );
  const beacons = verdicts.filter(
    ({ type, reason, beaconKey }) =>
      type === "beacon" && standing.includes(reason) && reported.has(beaconKey),
  );
  return new Set(beacons.map(({ hotspotId }) => hotspotId));
}
