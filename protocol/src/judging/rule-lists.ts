import { BEACON_RULES, type BeaconContext } from "./beacon-rules.ts";
import { BEACON_RECIPROCITY_RULES, WITNESS_RECIPROCITY_RULES } from "./reciprocity-rules.ts";
import { ADMISSION_RULES, HOTSPOT_RULES, type HotspotContext, type ReportContext } from "./report-rules.ts";
import type { Rule } from "./types.ts";
import type { JudgedBeacon, MatchedContext, WitnessContext } from "./witness-context.ts";
import { BEACON_EXISTS_RULE, BEACON_REFUSED_RULE, WITNESS_RULES } from "./witness-rules.ts";

/** The rules of a rule set: each list in the order in which it is asked, the lists in the order given here. */
export interface RuleLists {
  /** Which reports count at all: one that is refused here is treated as if it had not arrived. */
  readonly admission: readonly Rule<ReportContext>[];
  /** Of every report that counts. */
  readonly hotspot: readonly Rule<HotspotContext>[];
  readonly beacon: readonly Rule<BeaconContext>[];
  /** Of a witness report whose beacon nobody registered reported in time. */
  readonly withoutBeacon: readonly Rule<WitnessContext>[];
  /** Of a witness report with its beacon. */
  readonly witness: readonly Rule<MatchedContext>[];
  /** Of a beacon whose witnesses are all judged, then of the witnesses that every rule before has passed. */
  readonly beaconAtLast: readonly Rule<ReportContext>[];
  readonly witnessAtLast: readonly Rule<ReportContext & { beacon: JudgedBeacon }>[];
}

const EARSHOT_1: RuleLists = {
  admission: ADMISSION_RULES,
  hotspot: HOTSPOT_RULES,
  beacon: BEACON_RULES,
  withoutBeacon: [BEACON_EXISTS_RULE],
  witness: WITNESS_RULES,
  beaconAtLast: BEACON_RECIPROCITY_RULES,
  witnessAtLast: [BEACON_REFUSED_RULE, ...WITNESS_RECIPROCITY_RULES],
};

/**
 * Of every rule set by which a network can run, by its id. What belongs to a released one (`RULE_SETS`) stays as it is: a
 * rule is added by a new set, such as `{ ...EARSHOT_1, witness: [...EARSHOT_1.witness, added] }`.
 */
export const RULE_LISTS = { "earshot-1": EARSHOT_1 } as const satisfies Record<string, RuleLists>;

/** Reasons in the order in which the rules are asked. */
export interface RuleOrder {
  /** Of every report. */
  readonly report: readonly string[];
  readonly beacon: readonly string[];
  readonly witness: readonly string[];
}

/** As published; a rule that is asked twice stands where it is asked first. */
export function ruleOrder(lists: RuleLists): RuleOrder {
  const { report, beacon, witness } = rulesByReport(lists);
  return { report: reasonsOf(report), beacon: reasonsOf(beacon), witness: reasonsOf(witness) };
}

/** What words need of a rule. */
type Worded = Pick<Rule<never>, "reason" | "explain">;

/** All rules of a set, by the reports that they are for. */
export const rulesByReport = (lists: RuleLists): Record<keyof RuleOrder, readonly Worded[]> => ({
  report: [...lists.admission, ...lists.hotspot],
  beacon: [...lists.beacon, ...lists.beaconAtLast],
  witness: [...lists.withoutBeacon, ...lists.witness, ...lists.witnessAtLast],
});

const reasonsOf = (rules: readonly Worded[]): string[] => [...new Set(rules.map(({ reason }) => reason))];
