import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { REGION_IDS } from "../radio/regions.ts";
import {
  DEFAULT_PARAMETERS,
  FIXED_PARAMETERS,
  isNetworkName,
  type NetworkParameters,
  PARAMETER_RANGES,
  WHOLE_PARAMETERS,
} from "./parameters.ts";
import { networkParameters, SINGLE_CHANGES } from "./parameters-arbitrary.ts";
import { parametersHash } from "./parameters-document.ts";

const parameters: NetworkParameters = { ...DEFAULT_PARAMETERS, network: "testnet-1" };
const hashOf = (values: NetworkParameters) => parametersHash(values).toHex();

describe("hash", () => {
  test("of the defaults is fixed: another hash is another rule set", () => {
    expect(hashOf(parameters)).toBe("b6eb08cc3b47b32e32b041dc3cd658b9895037fa3a711adea2d3711def623684");
  });

  test("has a change to try for every single parameter", () => {
    const { absent: _, ...values } = parameters;
    expect(Object.keys(SINGLE_CHANGES).toSorted()).toEqual(Object.keys(values).toSorted());
  });

  test.each(Object.entries(SINGLE_CHANGES))("changes with %s", (name, change) => {
    fc.assert(
      fc.property(networkParameters, (values) => {
        const changed = change(values);
        expect(changed[name as keyof NetworkParameters]).not.toEqual(values[name as keyof NetworkParameters]);
        expect(hashOf(changed)).not.toBe(hashOf(values));
      }),
      { numRuns: 20 },
    );
  });

  test("changes when a region is taken out, and when two values change places", () => {
    const { regions, minDistanceM, maxDistanceM } = parameters;
    const other = [
      { ...parameters, regions: regions.slice(1) },
      { ...parameters, minDistanceM: maxDistanceM, maxDistanceM: minDistanceM },
    ];
    expect(new Set([parameters, ...other].map(hashOf)).size).toBe(3);
  });

  test("is the same for the same values, whatever order an object has them in", () => {
    const reversed = Object.fromEntries(Object.entries(parameters).reverse()) as unknown as NetworkParameters;
    expect(hashOf(reversed)).toBe(hashOf(parameters));
  });
});

test("every whole number has a range, and its default lies in it", () => {
  const numbers = Object.entries(parameters).filter(([, value]) => typeof value === "number");
  expect(numbers.map(([name]) => name).toSorted()).toEqual([...WHOLE_PARAMETERS].toSorted());
  for (const name of WHOLE_PARAMETERS) {
    const [min, max] = PARAMETER_RANGES[name];
    expect(parameters[name]).toBeGreaterThanOrEqual(min);
    expect(parameters[name]).toBeLessThanOrEqual(max);
  }
});

test("the defaults take beacons in every region, sorted, at the region's own limit", () => {
  expect(parameters.regions.map(({ id }) => id)).toEqual([...REGION_IDS].sort());
  expect(parameters.regions.find(({ id }) => id === "EU868")?.maxEirpDdbm).toBe(160);
  expect(parameters.regions.find(({ id }) => id === "EU433")?.maxEirpDdbm).toBe(121);
});

test("what fixes the calendar and the claims is fixed for the life of a network", () => {
  expect([...FIXED_PARAMETERS].toSorted()).toEqual(
    [
      "chainId",
      "contract",
      "entropyPeriodMs",
      "entropyValidityMs",
      "epochPeriods",
      "network",
      "reportDeadlineMs",
      "revealDeadlineMs",
      "windowPeriods",
    ].toSorted() as (typeof FIXED_PARAMETERS)[number][],
  );
});

describe("network names", () => {
  test.each(["demo", "testnet-1", "0", "a".repeat(32)])("%p is one", (name) => {
    expect(isNetworkName(name)).toBe(true);
  });
  test.each(["", "-a", "Demo", "a_b", "a/b", "a+", "a b", "demo\n", "é", "a".repeat(33)])(
    "%p is none",
    (name) => {
      expect(isNetworkName(name)).toBe(false);
    },
  );
});
