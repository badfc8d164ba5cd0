import { describe, expect, test } from "bun:test";
import { QUANTITIES, quantityFacts } from "./quantities.ts";

/** A reading packet holds integers of 48 bits. */
const MAX_SENT = 2 ** 47;

describe.each(Object.entries(QUANTITIES))("%s", (name, facts) => {
  test("has a name that a packet can carry, and bounds that fit into it", () => {
    expect(name).toMatch(/^[a-z][a-z0-9_]{0,31}$/);
    expect(facts.min).toBeLessThan(facts.max);
    for (const bound of [facts.min, facts.max]) {
      expect(Math.abs(bound) * 10 ** -facts.exponent).toBeLessThanOrEqual(MAX_SENT);
    }
  });

  test("jumps less than its whole range", () => {
    if (facts.maxStep !== undefined) expect(facts.maxStep).toBeLessThan(facts.max - facts.min);
  });

  test("has thresholds in whole units of the last digit sent", () => {
    expect(facts.exponent).toBeLessThanOrEqual(0);
    for (const threshold of [facts.min, facts.max, facts.maxStep ?? 0]) {
      expect(Number.isSafeInteger(Math.round(threshold * 10 ** -facts.exponent))).toBe(true);
      const rest = threshold - Math.round(threshold * 10 ** -facts.exponent) / 10 ** -facts.exponent;
      expect(rest).toBe(0);
    }
  });
});

test("a quantity that is not listed is sent with three decimals", () => {
  expect(quantityFacts("soil_moisture_percent")).toMatchObject({ exponent: -3, kind: "gauge" });
  expect(quantityFacts("toString").exponent).toBe(-3);
});
