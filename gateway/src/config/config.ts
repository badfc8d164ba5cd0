import {
  type NetworkParameters,
  parametersProblem,
  type RegionRule,
  shownValue,
  WHOLE_PARAMETERS,
  type WholeParameter,
} from "@earshot/protocol";
import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import type { Limits } from "../access/hotspot-limits.ts";
import { ConfigError } from "./config-error.ts";
import { keyOf } from "./parameter-keys.ts";
import { type GatewayConfig, gatewaySchema } from "./schema.ts";

const ENV_PREFIX = "EARSHOT_GATEWAY_";

type Table = Record<string, unknown>;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param toml text of the file, "" for all defaults
 * @param env `EARSHOT_GATEWAY_HTTP__PORT=8080` overrides `http.port`: two underscores between the levels
 * @param warn told what is ignored
 */
export function parseConfig(toml: string, env: Environment, warn = (_: string): void => {}): GatewayConfig {
  const { table, ignored } = overridden(parseToml(toml), env);
  if (ignored.length > 0) {
    const reason = "no keys of the configuration, or what Kubernetes tells of a service";
    warn(`Ignored in the environment: ${ignored.join(", ")} (${reason})`);
  }
  const result = gatewaySchema.safeParse(table, { reportInput: true });
  if (!result.success) throw new ConfigError(result.error.issues.map(describeIssue).join("\n"));
  const config = result.data;
  const problem =
    registrationProblem(config) ??
    brokerProblem(config) ??
    ruleSetProblem(config) ??
    parametersProblem(parametersOf(config));
  if (problem !== undefined) throw new ConfigError(problem);
  return config;
}

function parseToml(toml: string): Table {
  try {
    return parse(toml) as Table;
  } catch (error) {
    // Without the lines around it, which the parser would show: they may hold a secret.
    const [what] = (error as Error).message.split("\n", 1);
    const where = error instanceof TomlError ? `line ${error.line}, column ${error.column}: ` : "";
    throw new ConfigError(`Cannot read the configuration as TOML: ${where}${what}`);
  }
}

function overridden(original: Table, env: Environment): { table: Table; ignored: string[] } {
  const table = structuredClone(original);
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(ENV_PREFIX)) continue;
    const path = name.slice(ENV_PREFIX.length).toLowerCase().split("__");
    if (!isKey(gatewaySchema, path)) {
      ignored.push(name);
      continue;
    }
    const last = path.pop() as string;
    let level = table;
    for (const key of path) {
      level[key] ??= {};
      level = level[key] as Table;
    }
    level[last] = envValue(value);
  }
  return { table, ignored };
}

function isKey(schema: unknown, [first, ...rest]: readonly string[]): boolean {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return isKey(schema.def.innerType, first === undefined ? [] : [first, ...rest]);
  }
  if (schema instanceof z.ZodObject) return first !== undefined && isKey(schema.shape[first], rest);
  if (schema instanceof z.ZodRecord) return first !== undefined && rest.length === 0;
  return schema !== undefined && first === undefined;
}

/** Numbers and booleans as TOML would write them; everything else is text. */
function envValue(value: string): unknown {
  if (/^-?\d{1,15}$/.test(value)) return Number(value);
  return value === "true" || value === "false" ? value === "true" : value;
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const key = issue.path.join(".") || "configuration";
  if (issue.code === "unrecognized_keys") return `${key}: unknown key ${issue.keys.join(", ")}`;
  return `${key} is ${shownValue(key, issue.input)}: ${issue.message}`;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

function registrationProblem({ registration, broker, http }: GatewayConfig): string | undefined {
  const outside = [broker.host, http.host].find((host) => !LOOPBACK.test(host));
  const reachable = broker.url === undefined ? outside : broker.url;
  if (registration.policy !== "open" || registration.open_to_network || reachable === undefined)
    return undefined;
  return `registration.policy is "open" while others can reach ${reachable}: use "listed", or say registration.open_to_network = true too`;
}

const TOGETHER = [
  ["tls_cert_file", "tls_key_file"],
  ["cert_file", "key_file"],
  ["username", "password"],
] as const;

function brokerProblem({ broker }: GatewayConfig): string | undefined {
  for (const [one, other] of TOGETHER) {
    if ((broker[one] === undefined) === (broker[other] === undefined)) continue;
    return `broker.${one} and broker.${other} go together: give both or none`;
  }
  return undefined;
}

function ruleSetProblem({ parameters }: GatewayConfig): string | undefined {
  return parameters.rule_set === "earshot-1"
    ? undefined
    : `parameters.rule_set is "${parameters.rule_set}": a gateway judges by "earshot-1"; the other is for comparing bundles`;
}

export const limitsOf = ({ limits }: GatewayConfig): Limits => ({
  packetsAtOnce: limits.packets_at_once,
  packetsPerSecond: limits.packets_per_second,
  bytesPerDay: limits.bytes_per_day,
  witnessReportsPerPeriod: limits.witness_reports_per_period,
  beaconReportsPerPeriod: limits.beacon_reports_per_period,
  maxUnheard: limits.max_unheard,
  unheardDays: limits.unheard_days,
});

/** The first version; `ParametersLog` makes later ones of it. */
export function parametersOf({ network, parameters }: GatewayConfig): NetworkParameters {
  const wholeNumbers = Object.fromEntries(
    WHOLE_PARAMETERS.map((name) => [name, (parameters as Record<string, unknown>)[keyOf(name)]]),
  ) as Record<WholeParameter, number>;
  return {
    ...wholeNumbers,
    version: 1,
    activationEpoch: 0,
    network,
    ruleSet: parameters.rule_set,
    regions: regionRules(parameters.regions),
    poolPerEpoch: BigInt(parameters.pool_per_epoch),
    chainId: BigInt(parameters.chain_id),
    contract: Uint8Array.fromHex(parameters.contract.slice(2)),
  };
}

/** Sorted by id, as they are hashed. */
const regionRules = (regions: GatewayConfig["parameters"]["regions"]): RegionRule[] =>
  Object.entries(regions)
    .map(([id, maxEirpDdbm]) => ({ id, maxEirpDdbm }) as RegionRule)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
