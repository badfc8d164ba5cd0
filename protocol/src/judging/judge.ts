import { beaconContext } from "./beacon-rules.ts";
import type { Contact } from "./contacts.ts";
import { bySequence, type ReportGroup } from "./group.ts";
import { NOT_DRAWN, NOT_HEARD, type ProvenBeacon, proveBeacon, type ValidReports } from "./proven-beacon.ts";
import { contactsOf } from "./reciprocity-rules.ts";
import type { HotspotContext } from "./report-rules.ts";
import type { RuleLists } from "./rule-lists.ts";
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

export interface GroupJudgement {
  /** One per report, sorted by packet id. */
  verdicts: Verdict[];
  proven: ProvenBeacon | undefined;
  /** Count for the reciprocity of later beacons. */
  contacts: Contact[];
}

/** What a beacon's reports are judged by, and what has been found. */
interface Judging {
  judging: JudgingContext;
  rules: RuleLists;
  refusals: Refusals;
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
 * Judges all reports about one beacon by the rules of a set. The same reports and context give the same verdicts, in whatever order the
 * reports come.
 */
export function judgeGroup(group: ReportGroup, judging: JudgingContext, rules: RuleLists): GroupJudgement {
  const refusals: Refusals = new Map();
  const by = { judging, rules, refusals };
  const beacon = judgeBeacons(admitted(group.beacons, by), by);
  const valid = judgeWitnesses(admitted(group.witnesses, by), beacon, by);
  const reciprocal = judgeAtLast(beacon, valid, by);
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
  { judging, rules, refusals }: Judging,
): (HotspotContext & { report: R })[] {
  return reports.toSorted(bySequence).flatMap((report) => {
    const refusal = firstRefusal(rules.admission, { report, judging });
    if (refusal !== undefined) refusals.set(report, refusal);
    const hotspot = refusal === undefined ? judging.hotspot(report.hotspotId) : undefined;
    return hotspot === undefined ? [] : [{ report, hotspot, judging }];
  });
}

/** The report with the lowest sequence number counts for the beacon, even when it is refused: nobody may try twice. */
function judgeBeacons(
  reports: readonly { report: ReceivedBeacon; hotspot: JudgedBeacon["hotspot"] }[],
  { judging, rules, refusals }: Judging,
): JudgedBeacon | undefined {
  const first = reports[0]?.report;
  let judged: JudgedBeacon | undefined;
  for (const { report, hotspot } of reports) {
    const context = beaconContext(report, hotspot, first ?? report, judging);
    const refusal = firstRefusal(rules.hotspot, context) ?? firstRefusal(rules.beacon, context);
    if (refusal !== undefined) refusals.set(report, refusal);
    if (report === first) judged = { report, hotspot, derived: context.derived, refusal: refusal?.reason };
  }
  return judged;
}

function judgeWitnesses(
  reports: readonly { report: ReceivedWitness; hotspot: JudgedBeacon["hotspot"] }[],
  beacon: JudgedBeacon | undefined,
  { judging, rules, refusals }: Judging,
): ReceivedWitness[] {
  const firsts = firstOfTrueFrame(reports, beacon);
  const valid: ReceivedWitness[] = [];
  for (const { report, hotspot } of reports) {
    const first = firsts.get(report.hotspotId);
    const refusal = refuseWitness({ report, hotspot, first, beacon, judging }, rules);
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

function refuseWitness(context: WitnessContext, rules: RuleLists): Refusal | undefined {
  const refusal = firstRefusal(rules.hotspot, context);
  if (refusal !== undefined) return refusal;
  if (context.beacon === undefined) return firstRefusal(rules.withoutBeacon, context);
  return firstRefusal(rules.witness, matchBeacon(context, context.beacon));
}

/** The beacon and its witnesses that pass the last rules too; `undefined` when the beacon is refused. */
function judgeAtLast(
  beacon: JudgedBeacon | undefined,
  valid: readonly ReceivedWitness[],
  { judging, rules, refusals }: Judging,
): ValidReports | undefined {
  if (beacon === undefined || beacon.refusal !== undefined) return undefined;
  const refused = firstRefusal(rules.beaconAtLast, { report: beacon.report, judging });
  if (refused !== undefined) refusals.set(beacon.report, refused);
  const judged = { ...beacon, refusal: refused?.reason };
  const witnesses = valid.filter((report) => {
    const refusal = firstRefusal(rules.witnessAtLast, { report, beacon: judged, judging });
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
