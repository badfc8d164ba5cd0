import { CHAIN_WINDOWS } from "../beacon/chain.ts";
import { QUICKNET } from "../drand/chain.ts";
import { equalBytes } from "../encoding/bytes.ts";
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
  chainProblem,
];

const UINT32 = 0xffff_ffff;

/**
 * The rounds of two indexes must not be the same, and each must be made within its period. A chain that this program knows
 * cannot have another key.
 */
function chainProblem({ drandChain: chain, entropyPeriodMs }: NetworkParameters): Problem {
  if (chain === null) return false;
  const { genesisS, periodS, hash, publicKey } = chain;
  if (!isWholeWithin(periodS, 1, 86_400)) {
    return `drandChain has periodS ${periodS}; a whole number from 1 to 86400 is allowed`;
  }
  if (!isWholeWithin(genesisS, 0, UINT32)) {
    return `drandChain has genesisS ${genesisS}; a whole number from 0 to ${UINT32} is allowed`;
  }
  if (entropyPeriodMs < 4000 * periodS) {
    return `entropyPeriodMs is ${entropyPeriodMs}; at least four periods of the drand chain (${4000 * periodS}) are needed`;
  }
  const isOther =
    hash === QUICKNET.hash &&
    !(
      genesisS === QUICKNET.genesisS &&
      periodS === QUICKNET.periodS &&
      equalBytes(publicKey, QUICKNET.publicKey)
    );
  return isOther && `drandChain has the hash of quicknet and another key or time; take all of ${hash}`;
}

const isWholeWithin = (value: number, min: number, max: number): boolean =>
  Number.isSafeInteger(value) && value >= min && value <= max;

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
