import { encodeCbor } from "./cbor.ts";
import { sha256 } from "./hash.ts";
import { isNetworkName } from "./topics.ts";

/** The published rules of one network: everything beside packets and registry that a verdict depends on. */
export interface NetworkParameters {
  network: string;
  ruleSet: "earshot-1";
  /** One entropy value each period. */
  entropyPeriodMs: number;
  /** A beacon may be on air from its entropy's time until this much later. */
  entropyValidityMs: number;
  /** Each hotspot beacons once a window of so many entropy periods. */
  windowPeriods: number;
  /** An epoch is paid at once; whole windows. */
  epochPeriods: number;
  /** Reports on a beacon count when received up to this long after its entropy's time. */
  reportDeadlineMs: number;
  minDistanceM: number;
  maxDistanceM: number;
  maxPaidWitnesses: number;
  /** Smallest units per epoch. */
  poolPerEpoch: bigint;
  /** Share of the pool for beaconers, basis points; the rest is for witnesses. */
  beaconerShareBp: number;
  /** EVM chain and contract that claims are made for; part of every Merkle leaf. */
  chainId: bigint;
  contract: Uint8Array;
}

export const DEFAULT_PARAMETERS: Omit<NetworkParameters, "network"> = {
  ruleSet: "earshot-1",
  entropyPeriodMs: 60_000,
  entropyValidityMs: 180_000,
  windowPeriods: 360,
  epochPeriods: 1440,
  reportDeadlineMs: 600_000,
  minDistanceM: 300,
  maxDistanceM: 100_000,
  maxPaidWitnesses: 14,
  poolPerEpoch: 1_000_000_000_000n,
  beaconerShareBp: 2000,
  chainId: 1n,
  contract: new Uint8Array(20),
};

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

const MAX_UINT256 = 2n ** 256n - 1n;

/** Rules between values and beyond whole numbers, first to last. Each says what is wrong, or nothing. */
const CHECKS: readonly ((parameters: NetworkParameters) => string | false)[] = [
  ({ network }) =>
    !isNetworkName(network) && `network is "${network}"; 1 to 32 of a-z, 0-9 and - are allowed`,
  // An entropy index, counted from 1970, has 32 bits in a beacon's frame: half a second lasts until 2038.
  ({ entropyPeriodMs }) =>
    entropyPeriodMs < 500 && `entropyPeriodMs is ${entropyPeriodMs}; at least 500 is needed`,
  ({ epochPeriods, windowPeriods }) =>
    epochPeriods % windowPeriods !== 0 &&
    `epochPeriods is ${epochPeriods}; a multiple of windowPeriods (${windowPeriods}) is needed`,
  ({ reportDeadlineMs, entropyValidityMs }) =>
    reportDeadlineMs < entropyValidityMs &&
    `reportDeadlineMs is ${reportDeadlineMs}; at least entropyValidityMs (${entropyValidityMs}) is needed`,
  ({ minDistanceM, maxDistanceM }) =>
    minDistanceM > maxDistanceM &&
    `minDistanceM is ${minDistanceM}; at most maxDistanceM (${maxDistanceM}) is allowed`,
  ({ beaconerShareBp }) =>
    beaconerShareBp > 10_000 && `beaconerShareBp is ${beaconerShareBp}; at most 10000 is allowed`,
  ({ maxPaidWitnesses }) =>
    maxPaidWitnesses > 1000 && `maxPaidWitnesses is ${maxPaidWitnesses}; at most 1000 is allowed`,
  ({ poolPerEpoch }) => amountProblem("poolPerEpoch", poolPerEpoch),
  ({ chainId }) => amountProblem("chainId", chainId),
  ({ contract }) => contract.length !== 20 && `contract has ${contract.length} bytes; 20 are needed`,
];

function amountProblem(name: string, value: bigint): string | false {
  if (value < 0n) return `${name} is ${value}; at least 0 is needed`;
  return value > MAX_UINT256 && `${name} is ${value}; at most 2^256 - 1 is allowed`;
}

/** Says what is wrong with a set of parameters, or returns `undefined`. */
export function parametersProblem(parameters: NetworkParameters): string | undefined {
  const bad = WHOLE_NUMBERS.find((key) => !Number.isSafeInteger(parameters[key]) || parameters[key] < 1);
  if (bad !== undefined) return `${bad} is ${parameters[bad]}; a whole number of at least 1 is needed`;
  for (const check of CHECKS) {
    const problem = check(parameters);
    if (problem !== false) return problem;
  }
  return undefined;
}

/** SHA-256 over the canonical CBOR of all values in the order of this file; large amounts as decimal text. */
export function parametersHash(parameters: NetworkParameters): Uint8Array {
  return sha256(
    encodeCbor([
      "earshot-parameters",
      parameters.network,
      parameters.ruleSet,
      ...WHOLE_NUMBERS.map((key) => parameters[key]),
      parameters.poolPerEpoch.toString(),
      parameters.chainId.toString(),
      parameters.contract,
    ]),
  );
}

/** JSON with bigints as decimal text and bytes as 0x hex; `parseParameters` is its inverse. */
export function formatParameters(parameters: NetworkParameters): Record<string, string | number> {
  return {
    ...parameters,
    poolPerEpoch: parameters.poolPerEpoch.toString(),
    chainId: parameters.chainId.toString(),
    contract: `0x${parameters.contract.toHex()}`,
  };
}

/** @throws {TypeError | RangeError} naming the value that is wrong and what is allowed */
export function parseParameters(json: unknown): NetworkParameters {
  if (typeof json !== "object" || json === null) throw new TypeError("Parameters are not an object");
  const raw = json as Record<string, unknown>;
  if (raw.ruleSet !== "earshot-1") throw new RangeError(`ruleSet is ${raw.ruleSet}; earshot-1 is known`);
  if (typeof raw.network !== "string") throw new RangeError(`network is ${raw.network}; a text is needed`);
  const wholeNumbers = Object.fromEntries(WHOLE_NUMBERS.map((key) => [key, raw[key]]));
  const parameters: NetworkParameters = {
    ...(wholeNumbers as Pick<NetworkParameters, (typeof WHOLE_NUMBERS)[number]>),
    network: raw.network,
    ruleSet: raw.ruleSet,
    poolPerEpoch: decimal(raw, "poolPerEpoch"),
    chainId: decimal(raw, "chainId"),
    contract: address(raw, "contract"),
  };
  const problem = parametersProblem(parameters);
  if (problem !== undefined) throw new RangeError(`Cannot use parameters: ${problem}`);
  return parameters;
}

function decimal(raw: Record<string, unknown>, name: string): bigint {
  const value = raw[name];
  if (typeof value === "string" && /^\d{1,78}$/.test(value)) return BigInt(value);
  throw new RangeError(`${name} is ${value}; a whole number as decimal text is needed`);
}

function address(raw: Record<string, unknown>, name: string): Uint8Array {
  const value = raw[name];
  if (typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value))
    return Uint8Array.fromHex(value.slice(2));
  throw new RangeError(`${name} is ${value}; 0x and 40 hex digits are needed`);
}
