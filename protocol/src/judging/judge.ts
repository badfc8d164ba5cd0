import { BEACON_RULES, beaconContext } from "./beacon-rules.ts";
import type { Contact } from "./contacts.ts";
import { bySequence, type ReportGroup } from "./group.ts";
import { NOT_DRAWN, NOT_HEARD, type ProvenBeacon, proveBeacon, type ValidReports } from "./proven-beacon.ts";
import { BEACON_RECIPROCITY_RULES, contactsOf, WITNESS_RECIPROCITY_RULES } from "./reciprocity-rules.ts";
import { ADMISSION_RULES, HOTSPOT_RULES, type HotspotContext, type ReportContext } from "./report-rules.ts";
import type {
  JudgingContext,
  ReceivedBeacon,
  ReceivedReport,
  ReceivedWitness,
  Refusal,
  Refusals,
  Rule,
  Verdict,
} from "./types.ts";
import { isOfFrame, type JudgedBeacon, matchBeacon, type WitnessContext } from "./witness-context.ts";
import { BEACON_EXISTS_RULE, BEACON_REFUSED_RULE, WITNESS_RULES } from "./witness-rules.ts";

interface GroupJudgement {
  /** One per report, sorted by packet id. */
  verdicts: Verdict[];
  proven: ProvenBeacon | undefined;
  /** Count for the reciprocity of later beacons. */
  contacts: Contact[];
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
 * Judges all reports about one beacon. The same reports and context give the same verdicts, in whatever order the
 * reports come.
 */
export function judgeGroup(group: ReportGroup, judging: JudgingContext): GroupJudgement {
  const refusals: Refusals = new Map();
  const beacon = judgeBeacons(admitted(group.beacons, judging, refusals), judging, refusals);
  const valid = judgeWitnesses(admitted(group.witnesses, judging, refusals), beacon, judging, refusals);
  const reciprocal = judgeReciprocity(beacon, valid, judging, refusals);
  const proven = proveBeacon(group.key, reciprocal, judging, refusals);
  const verdicts = [...group.beacons, ...group.witnesses].map((report) =>
    verdictOf(report, group.key, refusals.get(report)),
  );
  return {
    verdicts: verdicts.sort((a, b) => (a.packetId < b.packetId ? -1 : 1)),
    proven,
    contacts: beacon === undefined ? [] : contactsOf(beacon.report, valid),
  };
}

/** The reports that count, by sequence number, with their hotspots. */
function admitted<R extends ReceivedReport>(
  reports: readonly R[],
  judging: JudgingContext,
  refusals: Refusals,
): (HotspotContext & { report: R })[] {
  return reports.toSorted(bySequence).flatMap((report) => {
    const refusal = firstRefusal(ADMISSION_RULES, { report, judging });
    if (refusal !== undefined) refusals.set(report, refusal);
    const hotspot = refusal === undefined ? judging.hotspot(report.hotspotId) : undefined;
    return hotspot === undefined ? [] : [{ report, hotspot, judging }];
  });
}

/** The report with the lowest sequence number counts for the beacon, even when it is refused: nobody may try twice. */
function judgeBeacons(
  reports: readonly { report: ReceivedBeacon; hotspot: JudgedBeacon["hotspot"] }[],
  judging: JudgingContext,
  refusals: Refusals,
): JudgedBeacon | undefined {
  const first = reports[0]?.report;
  let judged: JudgedBeacon | undefined;
  for (const { report, hotspot } of reports) {
    const context = beaconContext(report, hotspot, first ?? report, judging);
    const refusal = firstRefusal(HOTSPOT_RULES, context) ?? firstRefusal(BEACON_RULES, context);
    if (refusal !== undefined) refusals.set(report, refusal);
    if (report === first) judged = { report, hotspot, derived: context.derived, refusal: refusal?.reason };
  }
  return judged;
}

function judgeWitnesses(
  reports: readonly { report: ReceivedWitness; hotspot: JudgedBeacon["hotspot"] }[],
  beacon: JudgedBeacon | undefined,
  judging: JudgingContext,
  refusals: Refusals,
): ReceivedWitness[] {
  const firsts = firstOfTrueFrame(reports, beacon);
  const valid: ReceivedWitness[] = [];
  for (const { report, hotspot } of reports) {
    const first = firsts.get(report.hotspotId);
    const refusal = refuseWitness({ report, hotspot, first, beacon, judging });
    if (refusal === undefined) valid.push(report);
    else refusals.set(report, refusal);
  }
  return valid;
}

/**
 * Each hotspot's first report, by sequence number, of the frame that was sent. Reports of other frames are left out:
 * otherwise an attacker who sends a forged frame ahead of a beacon would cost everybody who hears both the payment.
 */
function firstOfTrueFrame(
  reports: readonly { report: ReceivedWitness }[],
  beacon: JudgedBeacon | undefined,
): Map<string, ReceivedWitness> {
  const firsts = new Map<string, ReceivedWitness>();
  if (beacon === undefined) return firsts;
  for (const { report } of reports) {
    if (firsts.has(report.hotspotId) || !isOfFrame(report, beacon.derived.frame)) continue;
    firsts.set(report.hotspotId, report);
  }
  return firsts;
}

function refuseWitness(context: WitnessContext): Refusal | undefined {
  const refusal = firstRefusal(HOTSPOT_RULES, context);
  if (refusal !== undefined) return refusal;
  if (context.beacon === undefined) return firstRefusal([BEACON_EXISTS_RULE], context);
  return firstRefusal(WITNESS_RULES, matchBeacon(context, context.beacon));
}

/** The beacon and its witnesses that pass the last rules too; `undefined` when the beacon is refused. */
function judgeReciprocity(
  beacon: JudgedBeacon | undefined,
  valid: readonly ReceivedWitness[],
  judging: JudgingContext,
  refusals: Refusals,
): ValidReports | undefined {
  if (beacon === undefined || beacon.refusal !== undefined) return undefined;
  const refused = firstRefusal(BEACON_RECIPROCITY_RULES, { report: beacon.report, judging });
  if (refused !== undefined) refusals.set(beacon.report, refused);
  const judged = { ...beacon, refusal: refused?.reason };
  const rules: Rule<ReportContext & { beacon: JudgedBeacon }>[] = [
    BEACON_REFUSED_RULE,
    ...WITNESS_RECIPROCITY_RULES,
  ];
  const witnesses = valid.filter((report) => {
    const refusal = firstRefusal(rules, { report, beacon: judged, judging });
    if (refusal !== undefined) refusals.set(report, refusal);
    return refusal === undefined;
  });
  return refused === undefined ? { beacon: beacon.report, witnesses } : undefined;
}

/** A report that passes every rule but earns nothing is unpaid, not refused. */
function outcomeOf(reason: string | undefined): Verdict["outcome"] {
  if (reason === undefined) return "paid";
  return reason === NOT_HEARD || reason === NOT_DRAWN ? "unpaid" : "refused";
}

const verdictOf = (report: ReceivedReport, key: string, refusal: Refusal | undefined): Verdict => ({
  packetId: report.id,
  hotspotId: report.hotspotId,
  beaconKey: key,
  type: report.packet.type,
  outcome: outcomeOf(refusal?.reason),
  reason: refusal?.reason ?? "ok",
  measurements: refusal?.measurements ?? [],
});
