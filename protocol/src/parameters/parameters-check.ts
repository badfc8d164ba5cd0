import { CHAIN_WINDOWS } from "../beacon/chain.ts";
import {
  FIXED_PARAMETERS,
  isNetworkName,
  type NetworkParameters,
  PARAMETER_RANGES,
  WHOLE_PARAMETERS,
} from "./parameters.ts";

const MAX_UINT256 = 2n ** 256n - 1n;
const MAX_EIRP_DDBM = 600;

type Problem = string | false;

/** Checks between values, and of values that are not integers, in order. Each returns what is wrong, or false. */
const CHECKS: readonly ((parameters: NetworkParameters) => Problem)[] = [
  ({ network }) =>
    !isNetworkName(network) && `network is "${network}"; 1 to 32 of a-z, 0-9 and - are allowed`,
  ({ ruleSet }) =>
    !isNetworkName(ruleSet) && `ruleSet is "${ruleSet}"; 1 to 32 of a-z, 0-9 and - are allowed`,
  ({ epochPeriods, windowPeriods }) =>
    epochPeriods % windowPeriods !== 0 &&
    `epochPeriods is ${epochPeriods}; a multiple of windowPeriods (${windowPeriods}) is needed`,
  ({ reportDeadlineMs, entropyValidityMs }) =>
    reportDeadlineMs < entropyValidityMs &&
    `reportDeadlineMs is ${reportDeadlineMs}; at least entropyValidityMs (${entropyValidityMs}) is needed`,
  ({ reportDeadlineMs, revealDeadlineMs }) =>
    revealDeadlineMs <= reportDeadlineMs &&
    `revealDeadlineMs is ${revealDeadlineMs}; more than reportDeadlineMs (${reportDeadlineMs}) is needed`,
  ({ epochPeriods, windowPeriods }) =>
    epochPeriods > windowPeriods * CHAIN_WINDOWS &&
    `epochPeriods is ${epochPeriods}; at most ${CHAIN_WINDOWS} windows of ${windowPeriods} are allowed: as many as hotspots commit to`,
  ({ minDistanceM, maxDistanceM }) =>
    minDistanceM > maxDistanceM &&
    `minDistanceM is ${minDistanceM}; at most maxDistanceM (${maxDistanceM}) is allowed`,
  ({ regions }) => regionsProblem(regions),
  ({ poolPerEpoch }) => amountProblem("poolPerEpoch", poolPerEpoch),
  ({ chainId }) => amountProblem("chainId", chainId),
  ({ contract }) => contract.length !== 20 && `contract has ${contract.length} bytes; 20 are needed`,
];

function regionsProblem(regions: NetworkParameters["regions"]): Problem {
  if (regions.length === 0) return "regions is empty; at least one region is needed";
  for (const [i, { id, maxEirpDdbm }] of regions.entries()) {
    if (!Number.isInteger(maxEirpDdbm) || maxEirpDdbm < 0 || maxEirpDdbm > MAX_EIRP_DDBM) {
      return `maxEirpDdbm of ${id} is ${maxEirpDdbm}; a whole number from 0 to ${MAX_EIRP_DDBM} is allowed`;
    }
    if (i > 0 && id <= (regions[i - 1]?.id ?? "")) return `regions has ${id} twice or out of order`;
  }
  return false;
}

function amountProblem(name: string, value: bigint): Problem {
  if (value < 0n) return `${name} is ${value}; at least 0 is needed`;
  return value > MAX_UINT256 && `${name} is ${value}; at most 2^256 - 1 is allowed`;
}

function rangeProblem(parameters: NetworkParameters): string | undefined {
  for (const name of WHOLE_PARAMETERS) {
    const [min, max] = PARAMETER_RANGES[name];
    const value: unknown = parameters[name];
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) continue;
    return `${name} is ${value}; a whole number from ${min} to ${max} is allowed`;
  }
  return undefined;
}

/** What is wrong with a set of parameters; `undefined` when nothing is. */
export function parametersProblem(parameters: NetworkParameters): string | undefined {
  const range = rangeProblem(parameters);
  if (range !== undefined) return range;
  for (const check of CHECKS) {
    const problem = check(parameters);
    if (problem !== false) return problem;
  }
  return undefined;
}

/** Why one version cannot follow another; `undefined` when it can. */
export function successionProblem(before: NetworkParameters, after: NetworkParameters): string | undefined {
  if (after.version !== before.version + 1) {
    return `version is ${after.version}; ${before.version + 1} comes after ${before.version}`;
  }
  if (after.activationEpoch <= before.activationEpoch) {
    return `activationEpoch is ${after.activationEpoch}; one after ${before.activationEpoch} is needed`;
  }
  for (const name of FIXED_PARAMETERS) {
    const [old, now] = [shown(before[name]), shown(after[name])];
    if (old !== now) return `${name} is ${now}; it stays ${old} for as long as the network runs`;
  }
  return undefined;
}

const shown = (value: string | number | bigint | Uint8Array): string =>
  value instanceof Uint8Array ? `0x${value.toHex()}` : String(value);

/** The version in force in an epoch: the last whose activation epoch has come. @param versions ascending */
export function parametersInForce(
  versions: readonly NetworkParameters[],
  epoch: number,
): NetworkParameters | undefined {
  return versions.findLast(({ activationEpoch }) => activationEpoch <= epoch);
}
