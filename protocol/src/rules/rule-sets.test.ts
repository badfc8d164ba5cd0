import { describe, expect, test } from "bun:test";
import { determinismEpoch } from "../../test/determinism-epoch.ts";
import { RULE_LISTS, rulesByReport } from "../judging/rule-lists.ts";
import type { RuleAnswer } from "../judging/types.ts";
import { type NetworkParameters, PARAMETER_RANGES, WHOLE_PARAMETERS } from "../parameters/parameters.ts";
import { parametersWith } from "../parameters/parameters-arbitrary.ts";
import { chosenRules, earshot1, liveRuleSet, liveRuleSets, RULE_SETS } from "./rule-sets.ts";

/** One more rule for witness reports. */
const heardByNobody = {
  reason: "heard_by_nobody",
  check: (): RuleAnswer => [],
  explain: () => "No witness counts: a rule for this test.",
};

/** As CONTRIBUTING says that a rule is added. */
const later = liveRuleSet({
  ...earshot1,
  id: "earshot-2-test",
  isReleased: false,
  rules: { ...earshot1.rules, witness: [...earshot1.rules.witness, heardByNobody] },
});

describe("the list", () => {
  test("has every set once, and one by which networks run by default", () => {
    const ids = RULE_SETS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(liveRuleSets().map(({ id }) => id)).toContain("earshot-1");
  });

  test("has each set by which a network can run with its own rules, and those have words", () => {
    const listed: Record<string, unknown> = RULE_LISTS;
    for (const { id, rules } of liveRuleSets()) expect(listed[id]).toBe(rules);
    expect(Object.keys(listed)).toEqual(liveRuleSets().map(({ id }) => id));
  });

  test("a reason is told in the same words whichever set it is from", () => {
    for (const type of ["beacon", "witness"] as const) {
      const words = new Map<string, unknown>();
      for (const lists of Object.values(RULE_LISTS).map(rulesByReport)) {
        for (const { reason, explain } of [...lists.report, ...lists[type]]) {
          expect(words.get(reason) ?? explain).toBe(explain);
          words.set(reason, explain);
        }
      }
    }
  });
});

describe("what parameters name", () => {
  const naming = (ruleSet: string, changes: Partial<NetworkParameters> = {}): NetworkParameters => ({
    ...parametersWith({}),
    ruleSet,
    ...changes,
  });

  test("is the set with that id, of those that the program has", () => {
    expect(chosenRules(naming("earshot-1"), RULE_SETS)).toEqual({ ok: true, rules: earshot1 });
    expect(chosenRules(naming(later.id), [...RULE_SETS, later])).toEqual({ ok: true, rules: later });
  });

  test.each(["earshot-2-test", "Earshot-1", "", "constructor"])("%p is told by name", (ruleSet) => {
    const chosen = chosenRules(naming(ruleSet), RULE_SETS);
    if (chosen.ok) throw new TypeError("Chosen");
    expect(chosen.problem).toContain(`the rule set is ${ruleSet}, and this program has earshot-1`);
  });

  test("a region that the program has no plan for is told by name", () => {
    const regions = [
      { id: "EU868", maxEirpDdbm: 160 },
      { id: "MARS", maxEirpDdbm: 160 },
    ];
    const chosen = chosenRules(naming("earshot-1", { regions }), RULE_SETS);
    expect(chosen).toMatchObject({
      ok: false,
      problem: expect.stringContaining("regions has MARS, and this"),
    });
  });

  test("a set that needs a value is not chosen where that is not named", () => {
    const needing = { ...later, needs: ["maxWonders"] };
    expect(chosenRules(naming(later.id), [needing])).toEqual({
      ok: false,
      problem: "the rule set earshot-2-test needs maxWonders, which these parameters do not name",
    });
    const named = naming(later.id, { unknown: { maxWonders: 3 } });
    expect(chosenRules(named, [needing])).toEqual({ ok: true, rules: needing });
    const known = { ...later, needs: ["minDistanceM"] };
    expect(chosenRules(naming(later.id), [known]).ok).toBe(true);
    expect(chosenRules(naming(later.id, { absent: ["minDistanceM"] }), [known]).ok).toBe(false);
  });

  test("what a set asks beyond the values that all parameters have, it needs", () => {
    for (const set of RULE_SETS) {
      const { inputs, settlement } = determinismEpoch();
      const asked = new Set<PropertyKey>();
      const parameters = new Proxy(inputs.parameters, {
        get(target, name) {
          asked.add(name);
          return Reflect.get(target, name);
        },
      });
      set.settle(set.judge({ ...inputs, parameters }), { ...settlement, parameters });
      expect(asked).toContain("windowPeriods");
      const optional = WHOLE_PARAMETERS.filter((name) => PARAMETER_RANGES[name].length > 2);
      expect(set.needs).toEqual(expect.arrayContaining(optional.filter((name) => asked.has(name))));
    }
  });

  test("a baseline is no rule set for a network", () => {
    expect(chosenRules(naming("helium-2026"), liveRuleSets()).ok).toBe(false);
    expect(chosenRules(naming("helium-2026"), RULE_SETS).ok).toBe(true);
  });
});

describe("a set with one more rule", () => {
  const { inputs, settlement } = determinismEpoch();
  const [before, after] = [earshot1.judge(inputs), later.judge(inputs)];

  test("is published with the rule behind those before it", () => {
    const { witness, ...others } = earshot1.order;
    const at = witness.indexOf("noise_too_high") + 1;
    expect(later.order).toEqual({ ...others, witness: witness.toSpliced(at, 0, "heard_by_nobody") });
  });

  test("refuses what passed before, and leaves every other verdict as it was", () => {
    const reasons = new Map(after.verdicts.map(({ packetId, reason }) => [packetId, reason]));
    const changed = before.verdicts.filter(({ packetId, reason }) => reasons.get(packetId) !== reason);
    expect(changed.length).toBeGreaterThan(0);
    for (const { packetId, type, outcome, reason } of changed) {
      // Without a witness a beacon is not heard, and nobody has heard or was heard lately.
      const becomes = reasons.get(packetId);
      if (type === "witness") expect(["heard_by_nobody", "beacon_refused"]).toContain(becomes as string);
      else expect(["not_heard", "not_witnessing"]).toContain(becomes as string);
      expect([outcome === "refused", reason]).toContainEqual(reason === "ok" ? "ok" : reason);
    }
    expect(later.settle(after, settlement).paid).toBe(0n);
    expect(earshot1.settle(before, settlement).paid).toBeGreaterThan(0n);
  });

  test("changes nothing in the set that it was made from", () => {
    expect(earshot1.judge(inputs)).toEqual(before);
    expect(earshot1.rules.witness).not.toContain(heardByNobody);
  });
});
