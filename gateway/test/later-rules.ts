import { earshot1, liveRuleSet, RULE_SETS } from "@earshot/protocol";

/** As CONTRIBUTING says that a rule is added: every witness of the test network hears with -110 dBm. */
export const LATER_RULES = liveRuleSet({
  ...earshot1,
  id: "earshot-2-test",
  rules: {
    ...earshot1.rules,
    witness: [
      ...earshot1.rules.witness,
      {
        reason: "louder_than_test",
        check: ({ report }) =>
          report.packet.rssiDbm > -111 ? [{ name: "rssiDbm", value: report.packet.rssiDbm }] : undefined,
        explain: ({ rssiDbm }) => `RSSI ${rssiDbm} dBm is louder than this test allows.`,
      },
    ],
  },
});
export const WITH_LATER_RULES = [...RULE_SETS, LATER_RULES];
