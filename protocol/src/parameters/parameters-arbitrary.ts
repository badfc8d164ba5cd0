import fc from "fast-check";
import { CHAIN_WINDOWS } from "../beacon/chain.ts";
import { QUICKNET } from "../drand/chain.ts";
import { REGION_IDS } from "../radio/regions.ts";
import {
  DEFAULT_PARAMETERS,
  type NetworkParameters,
  PARAMETER_RANGES,
  type ParametersDocument,
  type ParameterValue,
  WHOLE_PARAMETERS,
  type WholeParameter,
} from "./parameters.ts";
import { parametersProblem } from "./parameters-check.ts";
import { isKnown } from "./parameters-document.ts";

const whole = Object.fromEntries(
  WHOLE_PARAMETERS.map((name) => {
    const [min, max] = PARAMETER_RANGES[name];
    return [name, fc.integer({ min, max })];
  }),
) as Record<WholeParameter, fc.Arbitrary<number>>;

const regions = fc
  .subarray([...REGION_IDS].sort(), { minLength: 1 })
  .chain((ids) => fc.tuple(...ids.map((id) => fc.record({ id: fc.constant(id), maxEirpDdbm: fc.nat(600) }))));

const uint256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });

const unknownNames = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,20}$/).filter((name) => !isKnown(name));
const unknownValues = fc.letrec<{ value: ParameterValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    fc.maxSafeInteger(),
    fc.stringMatching(/^[ -~]{0,40}$/),
    fc.dictionary(unknownNames, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

const sortedByName = (values: ParametersDocument): ParametersDocument =>
  Object.fromEntries(
    Object.entries(values)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, typeof value === "object" ? sortedByName(value) : value]),
  );

/** What later programs may have written, sorted by name as documents are. */
const unknownParameters = fc
  .dictionary(unknownNames, unknownValues, { maxKeys: 3, noNullPrototype: true })
  .map(sortedByName);

/** Valid parameters: every value over its whole range, adjusted to fit the others. */
export const networkParameters: fc.Arbitrary<NetworkParameters> = fc
  .record({
    ...whole,
    network: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/),
    ruleSet: fc.constantFrom("earshot-1", "helium-2026", "a-later-one"),
    regions,
    poolPerEpoch: uint256,
    chainId: uint256,
    contract: fc.uint8Array({ minLength: 20, maxLength: 20 }),
    drandChain: fc.option(
      fc.record({
        hash: fc.constantFrom("ab".repeat(32), "0".repeat(64)),
        publicKey: fc.uint8Array({ minLength: 96, maxLength: 96 }),
        genesisS: fc.nat(0xffff_ffff),
        periodS: fc.integer({ min: 1, max: 3600 }),
      }),
    ),
    absent: fc.constant([]),
    unknown: unknownParameters,
  })
  .map(fitted);

function fitted(values: NetworkParameters): NetworkParameters {
  const periodS = Math.max(
    1,
    Math.min(values.drandChain?.periodS ?? 1, Math.floor(values.entropyPeriodMs / 4000)),
  );
  const [, mostPeriods] = PARAMETER_RANGES.epochPeriods;
  const mostWindows = Math.min(CHAIN_WINDOWS - 1, Math.floor(mostPeriods / values.windowPeriods));
  const windows = 1 + (values.epochPeriods % mostWindows);
  const reportDeadlineMs = Math.min(values.reportDeadlineMs, values.revealDeadlineMs - 1);
  return {
    ...values,
    reportDeadlineMs,
    epochPeriods: windows * values.windowPeriods,
    entropyValidityMs: Math.min(values.entropyValidityMs, reportDeadlineMs),
    minDistanceM: Math.min(values.minDistanceM, values.maxDistanceM),
    entropyPeriodMs: Math.max(values.entropyPeriodMs, values.drandChain === null ? 0 : 4000),
    drandChain: values.drandChain && { ...values.drandChain, periodS },
  };
}

const other = (name: WholeParameter) => (parameters: NetworkParameters) => {
  const [min, max] = PARAMETER_RANGES[name];
  const step = name === "epochPeriods" ? parameters.windowPeriods : 1;
  const value = parameters[name];
  return { ...parameters, [name]: value + step <= max ? value + step : Math.max(min, value - step) };
};

/** For each value of valid parameters a change of that value alone, which must change the hash. */
export const SINGLE_CHANGES: Record<string, (parameters: NetworkParameters) => NetworkParameters> = {
  ...Object.fromEntries(WHOLE_PARAMETERS.map((name) => [name, other(name)])),
  network: (p) => ({ ...p, network: p.network === "other" ? "another" : "other" }),
  ruleSet: (p) => ({ ...p, ruleSet: p.ruleSet === "earshot-1" ? "helium-2026" : "earshot-1" }),
  regions: (p) => ({
    ...p,
    regions: p.regions.map((region, i) =>
      i === 0 ? { ...region, maxEirpDdbm: (region.maxEirpDdbm + 1) % 601 } : region,
    ),
  }),
  poolPerEpoch: (p) => ({ ...p, poolPerEpoch: p.poolPerEpoch ^ 1n }),
  chainId: (p) => ({ ...p, chainId: p.chainId ^ 1n }),
  unknown: (p) => ({ ...p, unknown: { ...p.unknown, anotherName: p.unknown.anotherName === 1 ? 2 : 1 } }),
  drandChain: (p) => ({ ...p, drandChain: p.drandChain === null ? QUICKNET : null }),
  contract: (p) => ({ ...p, contract: p.contract.map((byte, i) => (i === 19 ? byte ^ 1 : byte)) }),
};

/** Parameters that differ from the defaults in what is given. @throws {RangeError} if they are not valid */
export function parametersWith(changes: Partial<NetworkParameters>): NetworkParameters {
  const parameters = { ...DEFAULT_PARAMETERS, network: "testnet-1", ...changes };
  const problem = parametersProblem(parameters);
  if (problem !== undefined) throw new RangeError(problem);
  return parameters;
}
