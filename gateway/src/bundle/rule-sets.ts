import { earshot1, type RuleSet, type RuleSetId } from "@earshot/protocol";
import { helium2026 } from "@earshot/protocol/helium-2026";

/** Every published way to judge and to pay. A live gateway judges by `earshot-1`; the other is what it is compared with. */
export const RULE_SETS: Readonly<Record<RuleSetId, RuleSet>> = {
  "earshot-1": earshot1,
  "helium-2026": helium2026,
};
