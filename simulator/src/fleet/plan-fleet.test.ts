import { expect, test } from "bun:test";
import { isAdmissibleKey, parametersProblem } from "@earshot/protocol";
import { CITIES } from "../placement/cities.ts";
import { DEMO_PARAMETERS, seededEntropy, TIME_COMPRESSION } from "./demo-network.ts";
import { planFleet, remarkOn } from "./plan-fleet.ts";

const denver = CITIES.denver!;

test("the compressed calendar is a valid one, thirty times faster, with an epoch of a minute", () => {
  expect(parametersProblem(DEMO_PARAMETERS)).toBeUndefined();
  expect(TIME_COMPRESSION).toBe(30);
  expect(DEMO_PARAMETERS.epochPeriods * DEMO_PARAMETERS.entropyPeriodMs).toBe(60_000);
});

test("the same seed plans the same hotspots, each with a key, a concentrator and a payee of its own", () => {
  const plan = () => planFleet({ hotspots: 12, city: denver, seed: 7 });
  const facts = plan().map(({ id, gatewayEui, config, site }) => ({ id, gatewayEui, config, site }));
  expect(facts).toEqual(plan().map(({ id, gatewayEui, config, site }) => ({ id, gatewayEui, config, site })));
  const distinct = (values: string[]) => new Set(values).size;
  expect(distinct(facts.map(({ id }) => id))).toBe(12);
  expect(distinct(facts.map(({ gatewayEui }) => gatewayEui))).toBe(12);
  expect(distinct(facts.map(({ config }) => config.hotspot.payee?.toHex() ?? ""))).toBe(12);
  expect(plan().every(({ signer }) => isAdmissibleKey(signer.publicKey))).toBe(true);
  expect(planFleet({ hotspots: 12, city: denver, seed: 8 })[0]?.id).not.toBe(facts[0]?.id);
});

test("the mistaken owner is named, with the distance", () => {
  const remarks = planFleet({ hotspots: 12, city: denver, seed: 7 })
    .map(remarkOn)
    .filter((remark) => remark !== undefined);
  expect(remarks).toHaveLength(1);
  expect(remarks[0]).toMatch(/^asserted [3-7]\.\d km from where it stands$/);
});

test("entropy repeats with its seed and differs from index to index", () => {
  expect(seededEntropy(7)(1)).toEqual(seededEntropy(7)(1));
  expect(seededEntropy(7)(1)).not.toEqual(seededEntropy(7)(2));
  expect(seededEntropy(7)(1)).not.toEqual(seededEntropy(8)(1));
  expect(seededEntropy(7)(1)).toHaveLength(32);
});
