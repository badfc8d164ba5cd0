import type { RuleSet } from "../judging/rule-set.ts";
import { judgeHeliumEpoch } from "./epoch.ts";
import { HELIUM_RULE_ORDER } from "./order.ts";
import { settleHeliumEpoch } from "./settle.ts";

/**
 * Helium's last rules on Earshot's packets: the baseline that `earshot-1` is compared with, holes included. Envelope
 * signatures, sequence numbers, GNSS, schedule and the keys behind beacons play no part.
 */
export const helium2026: RuleSet = {
  id: "helium-2026",
  order: HELIUM_RULE_ORDER,
  judge: judgeHeliumEpoch,
  settle: settleHeliumEpoch,
};
