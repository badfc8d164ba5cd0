import { judgeHeliumEpoch } from "../helium/epoch.ts";
import { HELIUM_RULE_ORDER } from "../helium/order.ts";
import { settleHeliumEpoch } from "../helium/settle.ts";
import { type EpochJudgement, judgeEpoch } from "../judging/epoch.ts";
import type { EpochInputs } from "../judging/epoch-context.ts";
import { RULE_LISTS, type RuleLists, type RuleOrder, ruleOrder } from "../judging/rule-lists.ts";
import type { NetworkParameters } from "../parameters/parameters.ts";
import { isRegionId, REGION_IDS } from "../radio/regions.ts";
import { type Settlement, type SettlementInputs, settleEpoch } from "../rewards/settlement.ts";

/** One published way to judge an epoch and to pay for it: pure functions; the order of the inputs does not matter. */
export interface RuleSet {
  readonly id: string;
  /** Once true, no outcome of the set changes any more: networks have paid by it. Until then it is a candidate. */
  readonly isReleased: boolean;
  /**
   * Names that parameters need not have (`absent` in `PARAMETER_RANGES`), but must where they name this set; also ones that
   * only the set knows.
   */
  readonly needs: readonly string[];
  readonly order: RuleOrder;
  /**
   * What `judgeGroup` goes through, beacon by beacon, as a running network must. Null for a baseline, which judges whole
   * epochs only: bundles are compared with it, and no network can run by it.
   */
  readonly rules: RuleLists | null;
  judge(inputs: EpochInputs): EpochJudgement;
  settle(judgement: Pick<EpochJudgement, "verdicts" | "proven">, inputs: SettlementInputs): Settlement;
}

/** A rule set by which a network can run. */
export type LiveRuleSet = RuleSet & { readonly rules: RuleLists };

/** What a set's lists of rules say, and how it pays. */
export const liveRuleSet = ({
  rules,
  ...set
}: Pick<LiveRuleSet, "id" | "isReleased" | "needs" | "rules" | "settle">): LiveRuleSet => ({
  ...set,
  rules,
  order: ruleOrder(rules),
  judge: (inputs) => judgeEpoch(inputs, rules),
});

export const earshot1 = liveRuleSet({
  id: "earshot-1",
  isReleased: false,
  needs: ["minBeaconVersion", "minWitnessVersion", "minVersionsFromEpoch"],
  rules: RULE_LISTS["earshot-1"],
  settle: settleEpoch,
});

/**
 * Helium's last proof-of-coverage rules on Earshot's packets: the baseline that others are compared with, holes included.
 * Envelope signatures, sequence numbers, GNSS, schedule and the keys behind beacons play no part.
 */
const helium2026: RuleSet = {
  id: "helium-2026",
  isReleased: false,
  needs: [],
  order: HELIUM_RULE_ORDER,
  rules: null,
  judge: judgeHeliumEpoch,
  settle: settleHeliumEpoch,
};

/** All rule sets. A program that has published by one carries it for ever; a change of any outcome is a new one. */
export const RULE_SETS: readonly RuleSet[] = [earshot1, helium2026];

const isLive = (set: RuleSet): set is LiveRuleSet => set.rules !== null;

export const liveRuleSets = (sets: readonly RuleSet[] = RULE_SETS): LiveRuleSet[] => sets.filter(isLive);

export type ChosenRules<R extends RuleSet = RuleSet> =
  | { ok: true; rules: R }
  | { ok: false; problem: string };

/** The rules that parameters name, or a sentence why this program cannot judge by them. @param sets those it has */
export function chosenRules<R extends RuleSet>(
  parameters: NetworkParameters,
  sets: readonly R[],
): ChosenRules<R> {
  const { ruleSet, regions, absent, unknown } = parameters;
  const rules = sets.find(({ id }) => id === ruleSet);
  if (rules === undefined) return lacking(`the rule set is ${ruleSet}`, sets);
  const region = regions.find(({ id }) => !isRegionId(id));
  if (region !== undefined)
    return lacking(
      `regions has ${region.id}`,
      REGION_IDS.map((id) => ({ id })),
    );
  const names = new Set([...Object.keys(parameters), ...Object.keys(unknown)]);
  const missing = rules.needs.find((name) => absent.includes(name) || !names.has(name));
  if (missing === undefined) return { ok: true, rules };
  return {
    ok: false,
    problem: `the rule set ${ruleSet} needs ${missing}, which these parameters do not name`,
  };
}

const lacking = (named: string, known: readonly { id: string }[]): { ok: false; problem: string } => ({
  ok: false,
  problem: `${named}, and this program has ${known.map(({ id }) => id).join(", ")}`,
});
