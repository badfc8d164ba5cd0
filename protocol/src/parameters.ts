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

/** Says what is wrong with a set of parameters, or returns `undefined`. */
export function parametersProblem(parameters: NetworkParameters): string | undefined {
  const bad = WHOLE_NUMBERS.find((key) => !Number.isSafeInteger(parameters[key]) || parameters[key] < 1);
  if (bad !== undefined) return `${bad} is ${parameters[bad]}; a whole number of at least 1 is needed`;
  if (!isNetworkName(parameters.network)) {
    return `network is "${parameters.network}"; 1 to 32 of a-z, 0-9 and - are allowed`;
  }
  if (parameters.epochPeriods % parameters.windowPeriods !== 0) {
    return `epochPeriods is ${parameters.epochPeriods}; a multiple of windowPeriods (${parameters.windowPeriods}) is needed`;
  }
  if (parameters.reportDeadlineMs < parameters.entropyValidityMs) {
    return `reportDeadlineMs is ${parameters.reportDeadlineMs}; at least entropyValidityMs (${parameters.entropyValidityMs}) is needed`;
  }
  if (parameters.beaconerShareBp > 10_000) {
    return `beaconerShareBp is ${parameters.beaconerShareBp}; at most 10000 is allowed`;
  }
  if (parameters.poolPerEpoch < 0n) return `poolPerEpoch is ${parameters.poolPerEpoch}; at least 0 is needed`;
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

/** Throws TypeError or RangeError naming what is wrong. */
export function parseParameters(json: unknown): NetworkParameters {
  if (typeof json !== "object" || json === null) throw new TypeError("Parameters are not an object");
  const raw = json as Record<string, unknown>;
  const parameters = {
    ...Object.fromEntries(WHOLE_NUMBERS.map((key) => [key, raw[key]])),
    network: raw.network,
    ruleSet: raw.ruleSet,
    poolPerEpoch: BigInt(raw.poolPerEpoch as string),
    chainId: BigInt(raw.chainId as string),
    contract: Uint8Array.fromHex(String(raw.contract).slice(2)),
  } as NetworkParameters;
  if (parameters.ruleSet !== "earshot-1")
    throw new RangeError(`ruleSet is ${parameters.ruleSet}; earshot-1 is known`);
  const problem = parametersProblem(parameters);
  if (problem !== undefined) throw new RangeError(`Cannot use parameters: ${problem}`);
  return parameters;
}
