import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  DEFAULT_PARAMETERS,
  FIXED_PARAMETERS,
  type NetworkParameters,
  PARAMETER_RANGES,
  WHOLE_PARAMETERS,
} from "./parameters.ts";
import { networkParameters, parametersWith, SINGLE_CHANGES } from "./parameters-arbitrary.ts";
import { parametersInForce, parametersProblem, successionProblem } from "./parameters-check.ts";

const parameters: NetworkParameters = { ...DEFAULT_PARAMETERS, network: "testnet-1" };

describe("problems", () => {
  test("valid parameters have none", () => {
    expect(parametersProblem(parameters)).toBeUndefined();
    fc.assert(fc.property(networkParameters, (values) => parametersProblem(values) === undefined));
  });

  test("values exactly at their limits have none", () => {
    const limits: Partial<NetworkParameters> = {
      entropyPeriodMs: 500,
      reportDeadlineMs: parameters.entropyValidityMs,
      revealDeadlineMs: parameters.entropyValidityMs + 1,
      epochPeriods: 128 * parameters.windowPeriods,
      minDistanceM: parameters.maxDistanceM,
      beaconerShareBp: 10_000,
      maxPaidWitnesses: 1000,
      poolPerEpoch: 2n ** 256n - 1n,
      chainId: 0n,
      regions: [
        { id: "EU433", maxEirpDdbm: 0 },
        { id: "EU868", maxEirpDdbm: 600 },
      ],
    };
    expect(parametersProblem({ ...parameters, ...limits })).toBeUndefined();
  });

  test.each([...WHOLE_PARAMETERS])("%s must be a whole number in its range", (name) => {
    const [min, max] = PARAMETER_RANGES[name];
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN, "1" as unknown as number, undefined]) {
      expect(parametersProblem({ ...parameters, [name]: value } as NetworkParameters)).toBe(
        `${name} is ${value}; a whole number from ${min} to ${max} is allowed`,
      );
    }
    for (const value of [min, max]) {
      expect(parametersProblem({ ...parameters, [name]: value })).not.toStartWith(
        `${name} is ${value}; a whole`,
      );
    }
  });

  const region = { id: "EU868", maxEirpDdbm: 160 } as const;
  const cases: [Partial<NetworkParameters>, string][] = [
    [{ network: "Demo" }, 'network is "Demo"; 1 to 32 of a-z, 0-9 and - are allowed'],
    [{ ruleSet: "Mine" }, 'ruleSet is "Mine"; 1 to 32 of a-z, 0-9 and - are allowed'],
    [{ epochPeriods: 1441 }, "epochPeriods is 1441; a multiple of windowPeriods (360) is needed"],
    [
      { reportDeadlineMs: 179_999 },
      "reportDeadlineMs is 179999; at least entropyValidityMs (180000) is needed",
    ],
    [
      { revealDeadlineMs: 600_000 },
      "revealDeadlineMs is 600000; more than reportDeadlineMs (600000) is needed",
    ],
    [
      { epochPeriods: 129 * 360 },
      "epochPeriods is 46440; at most 128 windows of 360 are allowed: as many as hotspots commit to",
    ],
    [{ minDistanceM: 100_001 }, "minDistanceM is 100001; at most maxDistanceM (100000) is allowed"],
    [{ poolPerEpoch: -1n }, "poolPerEpoch is -1; at least 0 is needed"],
    [{ poolPerEpoch: 2n ** 256n }, `poolPerEpoch is ${2n ** 256n}; at most 2^256 - 1 is allowed`],
    [{ chainId: -1n }, "chainId is -1; at least 0 is needed"],
    [{ contract: new Uint8Array(19) }, "contract has 19 bytes; 20 are needed"],
    [{ regions: [] }, "regions is empty; at least one region is needed"],
    [{ regions: [region, region] }, "regions has EU868 twice or out of order"],
    [{ regions: [region, { id: "EU433", maxEirpDdbm: 121 }] }, "regions has EU433 twice or out of order"],
    [
      { regions: [{ ...region, maxEirpDdbm: 601 }] },
      "maxEirpDdbm of EU868 is 601; a whole number from 0 to 600 is allowed",
    ],
    [
      { regions: [{ ...region, maxEirpDdbm: 15.5 }] },
      "maxEirpDdbm of EU868 is 15.5; a whole number from 0 to 600 is allowed",
    ],
  ];
  test.each(cases)("%# is named", (change, problem) => {
    expect(parametersProblem({ ...parameters, ...change })).toBe(problem);
  });
});

describe("succession", () => {
  const before = parametersWith({ version: 3, activationEpoch: 20 });
  const after = parametersWith({ version: 4, activationEpoch: 21 });

  test("the next version, active later, may come after", () => {
    expect(successionProblem(before, after)).toBeUndefined();
    expect(successionProblem(before, { ...after, activationEpoch: 1_000_000 })).toBeUndefined();
  });

  test.each([
    ["the same version", { version: 3 }, "version is 3; 4 comes after 3"],
    ["a version left out", { version: 5 }, "version is 5; 4 comes after 3"],
    ["an older version", { version: 2 }, "version is 2; 4 comes after 3"],
    ["the same epoch", { activationEpoch: 20 }, "activationEpoch is 20; one after 20 is needed"],
    ["an earlier epoch", { activationEpoch: 19 }, "activationEpoch is 19; one after 20 is needed"],
  ])("%s may not", (_what, change, problem) => {
    expect(successionProblem(before, { ...after, ...change })).toBe(problem);
  });

  test("whatever is fixed cannot change, whatever is not can", () => {
    const changeable = Object.entries(SINGLE_CHANGES).filter(
      ([name]) => name !== "version" && name !== "activationEpoch",
    );
    for (const [name, change] of changeable) {
      const isFixed = FIXED_PARAMETERS.some((fixed) => fixed === name);
      const problem = successionProblem(before, change(after));
      if (isFixed) expect(problem).toStartWith(`${name} is `);
      else expect(problem).toBeUndefined();
    }
    expect(successionProblem(before, { ...after, windowPeriods: 180 })).toBe(
      "windowPeriods is 180; it stays 360 for as long as the network runs",
    );
    const contract = new Uint8Array(20).fill(0xab);
    expect(successionProblem(before, { ...after, contract })).toStartWith(
      `contract is 0x${"ab".repeat(20)};`,
    );
  });
});

describe("the version in force", () => {
  const versions = [0, 10, 11].map((activationEpoch, i) =>
    parametersWith({ version: i + 1, activationEpoch }),
  );

  test.each([
    [0, 1],
    [9, 1],
    [10, 2],
    [11, 3],
    [12, 3],
    [4_000_000_000, 3],
  ])("in epoch %d is %d", (epoch, version) => {
    expect(parametersInForce(versions, epoch)?.version).toBe(version);
  });

  test("before the first there is none", () => {
    expect(parametersInForce([], 5)).toBeUndefined();
    expect(parametersInForce(versions.slice(1), 9)).toBeUndefined();
  });

  test("never goes back as epochs go on", () => {
    const epoch = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(epoch, epoch, (a, b) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)];
        const versionIn = (at: number) => parametersInForce(versions, at)?.version ?? 0;
        expect(versionIn(early)).toBeLessThanOrEqual(versionIn(late));
      }),
    );
  });
});
