import { judgeHeliumEpoch } from "./helium/epoch.ts";
import { HELIUM_RULE_ORDER } from "./helium/order.ts";
import { settleHeliumEpoch } from "./helium/settle.ts";
import type { RuleSet } from "./rewards/rule-set.ts";

/**
 * Helium's last proof-of-coverage rules on Earshot's packets: the baseline that `earshot-1` is compared with, holes included. Envelope
 * signatures, sequence numbers, GNSS, schedule and the keys behind beacons play no part.
 */
export const helium2026: RuleSet = {
  id: "helium-2026",
  order: HELIUM_RULE_ORDER,
  judge: judgeHeliumEpoch,
  settle: settleHeliumEpoch,
};
