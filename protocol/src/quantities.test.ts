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
});

test("what nobody described travels with three decimals", () => {
  expect(quantityFacts("soil_moisture_percent")).toMatchObject({ exponent: -3, kind: "gauge" });
  expect(quantityFacts("toString").exponent).toBe(-3);
});
