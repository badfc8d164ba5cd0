import {
  type NetworkParameters,
  type RegionRule,
  WHOLE_PARAMETERS,
  type WholeParameter,
} from "./parameters.ts";
import { parametersProblem } from "./parameters-check.ts";

type ParametersJson = Record<string, string | number | Record<string, number>>;

/** JSON with bigints as decimal text, bytes as 0x hex, regions by id; `parseParameters` is its inverse. */
export function formatParameters(parameters: NetworkParameters): ParametersJson {
  return {
    ...parameters,
    regions: Object.fromEntries(parameters.regions.map(({ id, maxEirpDdbm }) => [id, maxEirpDdbm])),
    poolPerEpoch: parameters.poolPerEpoch.toString(),
    chainId: parameters.chainId.toString(),
    contract: `0x${parameters.contract.toHex()}`,
  };
}

/** @throws {TypeError | RangeError} naming the value that is wrong and what is allowed */
export function parseParameters(json: unknown): NetworkParameters {
  if (typeof json !== "object" || json === null) throw new TypeError("Parameters are not an object");
  const raw = json as Record<string, unknown>;
  if (typeof raw.network !== "string") throw new RangeError(`network is ${raw.network}; a text is needed`);
  const wholeNumbers = Object.fromEntries(WHOLE_PARAMETERS.map((key) => [key, raw[key]]));
  const parameters: NetworkParameters = {
    ...(wholeNumbers as Pick<NetworkParameters, WholeParameter>),
    network: raw.network,
    ruleSet: raw.ruleSet as NetworkParameters["ruleSet"],
    regions: regionRules(raw.regions),
    poolPerEpoch: decimal(raw, "poolPerEpoch"),
    chainId: decimal(raw, "chainId"),
    contract: address(raw, "contract"),
  };
  const problem = parametersProblem(parameters);
  if (problem !== undefined) throw new RangeError(`Cannot use parameters: ${problem}`);
  return parameters;
}

/** Sorted by id, as they are hashed. */
function regionRules(raw: unknown): RegionRule[] {
  if (typeof raw !== "object" || raw === null) throw new RangeError("regions is not an object by region");
  return Object.entries(raw)
    .map(([id, maxEirpDdbm]) => ({ id, maxEirpDdbm }) as RegionRule)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
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
