import { type EpochJudgement, judgeEpoch } from "../judging/epoch.ts";
import type { EpochInputs } from "../judging/epoch-context.ts";
import { RULE_ORDER } from "../judging/reasons.ts";
import type { RuleSetId } from "../parameters/parameters.ts";
import { type Settlement, type SettlementInputs, settleEpoch } from "./settlement.ts";

/** Reasons in the order in which the rules are asked. */
export interface RuleOrder {
  /** Of every report. */
  report: readonly string[];
  beacon: readonly string[];
  witness: readonly string[];
}

/** One published way to judge an epoch and to pay for it: pure functions; the order of the inputs does not matter. */
export interface RuleSet {
  readonly id: RuleSetId;
  readonly order: RuleOrder;
  judge(inputs: EpochInputs): EpochJudgement;
  settle(judgement: Pick<EpochJudgement, "verdicts" | "proven">, inputs: SettlementInputs): Settlement;
}

export const earshot1: RuleSet = {
  id: "earshot-1",
  order: RULE_ORDER,
  judge: judgeEpoch,
  settle: settleEpoch,
};
