import { dirname, join, resolve } from "node:path";
import { addressOf } from "@earshot/drivers/fields";
import { parseEvmAddress, type RegionId } from "@earshot/protocol/hotspot";
import { DEFAULT_LOG_SETTINGS, type LogSettings } from "@earshot/protocol/runtime";
import {
  ConfigError,
  ConfigReader,
  type Environment,
  type ReadOptions,
  readConfigFile,
  type Table,
} from "@earshot/protocol/runtime/config";
import type { PageOptions } from "../page/serve.ts";
import type { Config } from "./config.ts";
import { deviceConfig } from "./device-config.ts";
import { type ConfigFile, configSchema, parsePublicKey } from "./schema.ts";

/** `EARSHOT_AGENT_<SECTION>_<KEY>` overrides a key. */
export const configReader = new ConfigReader(configSchema, { prefix: "EARSHOT_AGENT_", separator: "_" });

/**
 * Reads a configuration file; paths in it are relative to its folder.
 *
 * @param warn told what is ignored
 * @throws {ConfigError}
 */
export const loadConfig = (file: string, environment: Environment, warn?: ReadOptions["warn"]): Config =>
  parseConfig(readConfigFile(file), { file, environment, warn });

/**
 * @param toml the text of `file`
 * @throws {ConfigError}
 */
export const parseConfig = (toml: string, options: ReadOptions): Config =>
  toConfig(configReader.read(toml, options), dirname(options.file));

/** How the log is to be before the configuration is read. */
export function logOfEnvironment(environment: Environment): LogSettings {
  const { log } = configReader.table("", { file: "", environment });
  const { data = DEFAULT_LOG_SETTINGS } = configSchema.shape.log.safeParse(log);
  return data;
}

/** Where the page is while nothing says otherwise. */
export const DEFAULT_PAGE = pageOptions(configSchema.shape.page.parse({}));

/** Where a configuration with problems wants its page, if that much of it can be read. */
export function pageOfBroken(file: string, environment: Environment): PageOptions | "off" | undefined {
  let toml = "";
  try {
    toml = readConfigFile(file);
  } catch {
    // What the environment says counts all the same.
  }
  return pageOfBrokenText(toml, { file, environment });
}

export function pageOfBrokenText(toml: string, options: ReadOptions): PageOptions | "off" | undefined {
  const all = tableOrNothing(toml, options);
  const section = all.page ?? tableOrNothing(pageSection(toml), options).page;
  const { data } = configSchema.shape.page.safeParse(section);
  const isKnown = data !== undefined && (section !== undefined || Object.keys(all).length > 0);
  return isKnown ? (pageOptions(data) ?? "off") : undefined;
}

function tableOrNothing(toml: string, options: ReadOptions): Table {
  try {
    return configReader.table(toml, options);
  } catch {
    return {};
  }
}

/** The section alone, of a text that is no TOML elsewhere. */
const pageSection = (toml: string): string =>
  /^\[page\][^\n]*\n(?:(?!\s*\[)[^\n]*(?:\n|$))*/m.exec(toml)?.[0] ?? "";

function toConfig(file: ConfigFile, folder: string): Config {
  const devices = deviceConfig(file, folder);
  const stateDir = resolve(folder, file.state_dir);
  const page = pageOptions(file.page);
  return {
    core: coreConfig(file),
    stateDir,
    keyFile:
      file.identity.key_file === undefined
        ? join(stateDir, "hotspot.key")
        : resolve(folder, file.identity.key_file),
    broker: brokerConfig(file.broker, folder),
    checkEntropy: file.network.check_entropy,
    ...devices,
    machine: file.machine,
    ...(page === undefined ? {} : { page }),
    outbox: { maxBytes: file.outbox.max_bytes, maxAgeMs: file.outbox.max_age_days * 86_400_000 },
    log: file.log,
  };
}

function pageOptions({ listen, names }: ConfigFile["page"]): PageOptions | undefined {
  return listen === "off" ? undefined : { listen: addressOf(listen), names };
}

function coreConfig({ network, hotspot, reports }: ConfigFile): Config["core"] {
  return {
    network: { name: network.name, publicKey: checked(parsePublicKey(network.public_key)) },
    hotspot: {
      latE7: Math.round(hotspot.latitude * 1e7),
      lonE7: Math.round(hotspot.longitude * 1e7),
      elevationM: Math.round(hotspot.elevation_m),
      antennaGainDdbi: Math.round(hotspot.antenna_gain_dbi * 10),
      region: hotspot.region as RegionId,
      payee: hotspot.payee === undefined ? null : checked(parseEvmAddress(hotspot.payee)),
    },
    maxPowerDbm: hotspot.max_power_dbm,
    statusPeriodMs: Math.round(reports.status_period_s * 1000),
    readingPeriodMs: Math.round(reports.reading_period_s * 1000),
  };
}

function brokerConfig(broker: ConfigFile["broker"], folder: string): Config["broker"] {
  const { url, mqtt_version: version, ca_file: ca, cert_file: cert, key_file: key } = broker;
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError(["broker.cert_file and broker.key_file belong together: set both or neither"]);
  }
  const paths = Object.entries({ ca, cert, key }).filter(([, path]) => path !== undefined);
  const files = Object.fromEntries(paths.map(([name, path]) => [name, resolve(folder, path ?? "")]));
  return { url, ...(version === undefined ? {} : { version: version === "5" ? 5 : 4 }), files };
}

/** The schema has refused what would be undefined here. */
function checked<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("The configuration was not checked");
  return value;
}
