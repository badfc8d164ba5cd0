import {
  chosenRules,
  type DrandChain,
  liveRuleSets,
  type NetworkParameters,
  parametersProblem,
  type RegionRule,
  WHOLE_PARAMETERS,
  type WholeParameter,
} from "@earshot/protocol";
import {
  ConfigError,
  ConfigReader,
  type Environment,
  readConfigFile,
} from "@earshot/protocol/runtime/config";
import type { Limits } from "../access/hotspot-limits.ts";
import { type GatewayConfig, gatewaySchema, keyOf } from "./schema.ts";

/** `EARSHOT_GATEWAY_HTTP__PORT=8080` overrides `http.port`: two underscores between the levels. */
const reader = new ConfigReader(gatewaySchema, { prefix: "EARSHOT_GATEWAY_", separator: "__" });

/** The configuration of a file, or without one all defaults. @throws {ConfigError} */
export const loadConfig = (file: string | undefined, environment: Environment, warn?: Warn): GatewayConfig =>
  parseConfig(file === undefined ? "" : readConfigFile(file), environment, { file, warn });

type Warn = (message: string) => void;

/**
 * @param toml text of the file, "" for all defaults
 * @param warn called with each ignored name
 * @throws {ConfigError}
 */
export function parseConfig(
  toml: string,
  environment: Environment,
  { file = "the configuration", warn }: { file?: string | undefined; warn?: Warn | undefined } = {},
): GatewayConfig {
  const config = reader.read(toml, { file, environment, warn });
  const problem = registrationProblem(config) ?? brokerProblem(config) ?? rulesProblem(parametersOf(config));
  if (problem !== undefined) throw new ConfigError([problem]);
  return config;
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

function rulesProblem(parameters: NetworkParameters): string | undefined {
  const problem = parametersProblem(parameters);
  if (problem !== undefined) return problem;
  const chosen = chosenRules(parameters, liveRuleSets());
  return chosen.ok ? undefined : `[parameters] cannot be used: ${chosen.problem}`;
}

/** Connections that each listener is to take; none where another broker serves the hotspots. */
export const wantedConnections = ({
  http,
  broker,
}: Pick<GatewayConfig, "http" | "broker">): { http: number; broker: number } => ({
  http: http.max_connections,
  broker: broker.url === undefined ? broker.max_connections : 0,
});

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
export function parametersOf({
  network,
  parameters,
  entropy,
}: Pick<GatewayConfig, "network" | "parameters" | "entropy">): NetworkParameters {
  const wholeNumbers = Object.fromEntries(
    WHOLE_PARAMETERS.map((name) => [name, (parameters as Record<string, unknown>)[keyOf(name)]]),
  ) as Record<WholeParameter, number>;
  return {
    ...wholeNumbers,
    revealDeadlineMs: parameters.reveal_deadline_ms ?? 2 * wholeNumbers.reportDeadlineMs,
    version: 1,
    activationEpoch: 0,
    network,
    ruleSet: parameters.rule_set,
    regions: regionRules(parameters.regions),
    poolPerEpoch: BigInt(parameters.pool_per_epoch),
    chainId: BigInt(parameters.chain_id),
    contract: Uint8Array.fromHex(parameters.contract.slice(2)),
    drandChain: entropy.source === "drand" ? drandChainOf(entropy) : null,
    absent: [],
    unknown: {},
  };
}

const drandChainOf = (entropy: GatewayConfig["entropy"]): DrandChain => ({
  hash: entropy.chain_hash,
  publicKey: Uint8Array.fromHex(entropy.chain_public_key),
  genesisS: entropy.chain_genesis_s,
  periodS: entropy.chain_period_s,
});

/** Sorted by id, as they are hashed. */
const regionRules = (regions: GatewayConfig["parameters"]["regions"]): RegionRule[] =>
  Object.entries(regions)
    .map(([id, maxEirpDdbm]) => ({ id, maxEirpDdbm }) as RegionRule)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
