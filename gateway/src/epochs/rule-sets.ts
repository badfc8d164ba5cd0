import { earshot1, type RuleSet, type RuleSetId } from "@earshot/protocol";

const RULE_SETS: Partial<Record<RuleSetId, RuleSet>> = { "earshot-1": earshot1 };

/** @throws {RangeError} if this version has no such rule set */
export function ruleSetOf(id: RuleSetId): RuleSet {
  const found = RULE_SETS[id];
  if (found === undefined) throw new RangeError(`Rule set ${id} is not known here`);
  return found;
}
