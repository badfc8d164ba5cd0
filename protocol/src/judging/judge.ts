import { equalBytes } from "../bytes.ts";
import { sha256 } from "../hash.ts";
import { drawIndex } from "../schedule.ts";
import { BEACON_RULES, beaconContext } from "./beacon-rules.ts";
import { bySequence, type ReportGroup, reportedIndex } from "./group.ts";
import { REPORT_RULES } from "./report-rules.ts";
import type {
  JudgingWorld,
  ReceivedBeacon,
  ReceivedReport,
  ReceivedWitness,
  Rule,
  RuleAnswer,
  Verdict,
} from "./types.ts";
import {
  BEACON_EXISTS_RULE,
  type JudgedBeacon,
  matched,
  WITNESS_RULES,
  type WitnessContext,
} from "./witness-rules.ts";

/** Who earns what from one beacon: ids of the hotspots, empty when the beacon proves nothing. */
export interface ProvenBeacon {
  beaconKey: string;
  beaconer: string;
  /** The paid witnesses, sorted by id. */
  witnesses: string[];
}

export interface GroupJudgement {
  /** One per report, sorted by packet id. */
  verdicts: Verdict[];
  proven: ProvenBeacon | undefined;
}

interface Refusal {
  reason: string;
  measurements: NonNullable<RuleAnswer>;
}

/** The first rule in the list that refuses. */
function firstRefusal<C>(rules: readonly Rule<C>[], context: C): Refusal | undefined {
  for (const rule of rules) {
    const measurements = rule.check(context);
    if (measurements !== undefined) return { reason: rule.reason, measurements };
  }
  return undefined;
}

/**
 * Judges all reports about one beacon. The same reports and the same world give the same verdicts, whatever the
 * order of the reports.
 */
export function judgeGroup(group: ReportGroup, world: JudgingWorld): GroupJudgement {
  const refusals = new Map<ReceivedReport, Refusal>();
  const standing = <R extends ReceivedReport>(reports: readonly R[]): R[] =>
    [...reports].sort(bySequence).filter((report) => {
      const refusal = firstRefusal(REPORT_RULES, { report, world });
      if (refusal !== undefined) refusals.set(report, refusal);
      return refusal === undefined;
    });
  const beacon = judgeBeacons(standing(group.beacons), world, refusals);
  const valid = judgeWitnesses(standing(group.witnesses), beacon, world, refusals);
  const proven = prove(group.key, beacon, valid, world, refusals);
  const verdicts = [...group.beacons, ...group.witnesses].map((report) =>
    verdictOf(report, group.key, refusals.get(report)),
  );
  return { verdicts: verdicts.sort((a, b) => (a.packetId < b.packetId ? -1 : 1)), proven };
}

function judgeBeacons(
  reports: ReceivedBeacon[],
  world: JudgingWorld,
  refusals: Map<ReceivedReport, Refusal>,
): JudgedBeacon | undefined {
  const [first] = reports;
  let judged: JudgedBeacon | undefined;
  for (const report of reports) {
    const hotspot = world.hotspot(report.hotspotId);
    if (first === undefined || hotspot === undefined) continue;
    const context = beaconContext(report, hotspot, first, world);
    const refusal = firstRefusal(BEACON_RULES, context);
    if (refusal !== undefined) refusals.set(report, refusal);
    if (report === first) judged = { report, hotspot, derived: context.derived, refusal: refusal?.reason };
  }
  return judged;
}

function judgeWitnesses(
  reports: ReceivedWitness[],
  beacon: JudgedBeacon | undefined,
  world: JudgingWorld,
  refusals: Map<ReceivedReport, Refusal>,
): ReceivedWitness[] {
  const firsts = firstOfTrueFrame(reports, beacon);
  return reports.filter((report) => {
    const hotspot = world.hotspot(report.hotspotId);
    if (hotspot === undefined) return false;
    const first = firsts.get(report.hotspotId);
    const refusal = refuseWitness({ report, hotspot, first, beacon, world });
    if (refusal !== undefined) refusals.set(report, refusal);
    return refusal === undefined;
  });
}

/**
 * Each hotspot's first report, by sequence, of the frame that was sent. One of another frame does not count as the
 * first: or whoever sends a false frame ahead of a beacon would cost all who hear both their payment.
 */
function firstOfTrueFrame(
  reports: readonly ReceivedWitness[],
  beacon: JudgedBeacon | undefined,
): Map<string, ReceivedWitness> {
  const firsts = new Map<string, ReceivedWitness>();
  if (beacon === undefined) return firsts;
  for (const report of reports) {
    if (firsts.has(report.hotspotId) || !equalBytes(report.packet.frame, beacon.derived.frame)) continue;
    firsts.set(report.hotspotId, report);
  }
  return firsts;
}

function refuseWitness(context: WitnessContext): Refusal | undefined {
  if (context.beacon === undefined) return firstRefusal([BEACON_EXISTS_RULE], context);
  return firstRefusal(WITNESS_RULES, matched(context, context.beacon));
}

/** Beacons that nobody validly heard, and witnesses beyond the paid number, are valid but earn nothing. */
function prove(
  key: string,
  beacon: JudgedBeacon | undefined,
  valid: ReceivedWitness[],
  world: JudgingWorld,
  refusals: Map<ReceivedReport, Refusal>,
): ProvenBeacon | undefined {
  if (beacon === undefined || beacon.refusal !== undefined) return undefined;
  if (valid.length === 0) {
    refusals.set(beacon.report, { reason: NOT_HEARD, measurements: [] });
    return undefined;
  }
  const drawn = draw(beacon.report, valid, world);
  const paid = drawn.slice(0, world.parameters.maxPaidWitnesses);
  for (const report of drawn.slice(paid.length)) {
    refusals.set(report, { reason: NOT_DRAWN, measurements: [{ name: "valid", value: valid.length }] });
  }
  const witnesses = paid.map((report) => report.hotspotId).sort();
  return { beaconKey: key, beaconer: beacon.report.hotspotId, witnesses };
}

export const NOT_HEARD = "not_heard";
export const NOT_DRAWN = "not_drawn";

/** Order by hash with an entropy that nobody knew before the deadline: speed earns nothing. */
function draw(beacon: ReceivedBeacon, valid: ReceivedWitness[], world: JudgingWorld): ReceivedWitness[] {
  const entropy = world.drawEntropy(drawIndex(reportedIndex(beacon), world.parameters)) ?? new Uint8Array();
  const beaconId = Uint8Array.fromHex(beacon.id);
  const lot = (report: ReceivedWitness) => sha256(beaconId, report.publicKey, entropy).toHex();
  return valid
    .map((report) => ({ report, lot: lot(report) }))
    .sort((a, b) => (a.lot < b.lot ? -1 : 1))
    .map(({ report }) => report);
}

const verdictOf = (report: ReceivedReport, key: string, refusal: Refusal | undefined): Verdict => ({
  packetId: report.id,
  hotspotId: report.hotspotId,
  beaconKey: key,
  type: report.packet.type,
  outcome: refusal === undefined ? "paid" : "refused",
  reason: refusal?.reason ?? "ok",
  measurements: refusal?.measurements ?? [],
});
