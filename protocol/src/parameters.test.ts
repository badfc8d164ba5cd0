import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  DEFAULT_PARAMETERS,
  formatParameters,
  type NetworkParameters,
  parametersHash,
  parametersProblem,
  parseParameters,
} from "./parameters.ts";

const parameters: NetworkParameters = { ...DEFAULT_PARAMETERS, network: "testnet-1" };
const WHOLE_NUMBERS = [
  "entropyPeriodMs",
  "entropyValidityMs",
  "windowPeriods",
  "epochPeriods",
  "reportDeadlineMs",
  "minDistanceM",
  "maxDistanceM",
  "maxPaidWitnesses",
  "beaconerShareBp",
] as const;

const arbitrary: fc.Arbitrary<NetworkParameters> = fc
  .record({
    network: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/),
    ruleSet: fc.constant("earshot-1" as const),
    entropyPeriodMs: fc.integer({ min: 500, max: 86_400_000 }),
    entropyValidityMs: fc.integer({ min: 1, max: 600_000 }),
    windowPeriods: fc.integer({ min: 1, max: 100_000 }),
    epochPeriods: fc.integer({ min: 1, max: 50 }),
    reportDeadlineMs: fc.integer({ min: 600_000, max: Number.MAX_SAFE_INTEGER }),
    minDistanceM: fc.integer({ min: 1, max: 1000 }),
    maxDistanceM: fc.integer({ min: 1000, max: 20_000_000 }),
    maxPaidWitnesses: fc.integer({ min: 1, max: 1000 }),
    poolPerEpoch: fc.bigInt({ min: 0n, max: 2n ** 200n }),
    beaconerShareBp: fc.integer({ min: 1, max: 10_000 }),
    chainId: fc.bigInt({ min: 0n, max: 2n ** 64n }),
    contract: fc.uint8Array({ minLength: 20, maxLength: 20 }),
  })
  .map((values) => ({ ...values, epochPeriods: values.epochPeriods * values.windowPeriods }));

describe("JSON", () => {
  test("parsing is the inverse of formatting, through text", () => {
    fc.assert(
      fc.property(arbitrary, (values) => {
        expect(parseParameters(JSON.parse(JSON.stringify(formatParameters(values))))).toEqual(values);
      }),
    );
  });

  const json = formatParameters(parameters);
  test.each([
    [null, TypeError, "not an object"],
    ["text", TypeError, "not an object"],
    [{ ...json, ruleSet: "earshot-2" }, RangeError, "ruleSet is earshot-2; earshot-1 is known"],
    [{ ...json, network: undefined }, RangeError, "network is"],
    [{ ...json, windowPeriods: "360" }, RangeError, "windowPeriods is 360"],
    [{ ...json, minDistanceM: undefined }, RangeError, "minDistanceM is undefined"],
    [{ ...json, poolPerEpoch: undefined }, RangeError, "poolPerEpoch is undefined"],
    [{ ...json, poolPerEpoch: "ten" }, RangeError, "poolPerEpoch is ten"],
    [{ ...json, poolPerEpoch: "" }, RangeError, "poolPerEpoch is "],
    [{ ...json, chainId: "0x1" }, RangeError, "chainId is 0x1"],
    [{ ...json, contract: undefined }, RangeError, "contract is undefined"],
    [{ ...json, contract: "0x00" }, RangeError, "contract is 0x00"],
    [{ ...json, contract: `xx${"00".repeat(20)}` }, RangeError, "contract is xx00"],
  ])("%# is refused by name", (value, type, message) => {
    expect(() => parseParameters(value)).toThrow(type);
    expect(() => parseParameters(value)).toThrow(message);
  });
});

describe("problems", () => {
  test("the defaults have none", () => expect(parametersProblem(parameters)).toBeUndefined());

  test("values exactly at their limits have none", () => {
    const limits: Partial<NetworkParameters> = {
      entropyPeriodMs: 500,
      reportDeadlineMs: parameters.entropyValidityMs,
      minDistanceM: parameters.maxDistanceM,
      beaconerShareBp: 10_000,
      maxPaidWitnesses: 1000,
      poolPerEpoch: 2n ** 256n - 1n,
      chainId: 0n,
    };
    expect(parametersProblem({ ...parameters, ...limits })).toBeUndefined();
  });

  test.each(WHOLE_NUMBERS)("%s must be a whole number of at least 1", (key) => {
    for (const value of [0, -1, 1.5, Number.NaN, 2 ** 53, "1" as unknown as number]) {
      expect(parametersProblem({ ...parameters, [key]: value })).toBe(
        `${key} is ${value}; a whole number of at least 1 is needed`,
      );
    }
  });

  const cases: [Partial<NetworkParameters>, string][] = [
    [{ network: "Demo" }, 'network is "Demo"; 1 to 32 of a-z, 0-9 and - are allowed'],
    [{ entropyPeriodMs: 499 }, "entropyPeriodMs is 499; at least 500 is needed"],
    [{ epochPeriods: 1441 }, "epochPeriods is 1441; a multiple of windowPeriods (360) is needed"],
    [
      { reportDeadlineMs: 179_999 },
      "reportDeadlineMs is 179999; at least entropyValidityMs (180000) is needed",
    ],
    [{ minDistanceM: 100_001 }, "minDistanceM is 100001; at most maxDistanceM (100000) is allowed"],
    [{ beaconerShareBp: 10_001 }, "beaconerShareBp is 10001; at most 10000 is allowed"],
    [{ maxPaidWitnesses: 1001 }, "maxPaidWitnesses is 1001; at most 1000 is allowed"],
    [{ poolPerEpoch: -1n }, "poolPerEpoch is -1; at least 0 is needed"],
    [{ poolPerEpoch: 2n ** 256n }, `poolPerEpoch is ${2n ** 256n}; at most 2^256 - 1 is allowed`],
    [{ chainId: -1n }, "chainId is -1; at least 0 is needed"],
    [{ contract: new Uint8Array(19) }, "contract has 19 bytes; 20 are needed"],
  ];
  test.each(cases)("%p", (change, problem) => {
    expect(parametersProblem({ ...parameters, ...change })).toBe(problem);
  });
});

describe("hash", () => {
  test("of the defaults is fixed: another hash is another rule set", () => {
    expect(parametersHash(parameters).toHex()).toBe(
      "94a6d2f9a755a3f6f846680edeace76a9a0f0b4cf2a5670bfe7fee9e184e3d20",
    );
  });

  test("changes with every single parameter", () => {
    const other: NetworkParameters[] = [
      { ...parameters, network: "testnet-2" },
      { ...parameters, poolPerEpoch: parameters.poolPerEpoch + 1n },
      { ...parameters, chainId: 2n },
      { ...parameters, contract: new Uint8Array(20).fill(1) },
      ...WHOLE_NUMBERS.map((key) => ({ ...parameters, [key]: parameters[key] + 1 })),
    ];
    const hashes = [parameters, ...other].map((values) => parametersHash(values).toHex());
    expect(new Set(hashes).size).toBe(Object.keys(parameters).length);
  });
});
