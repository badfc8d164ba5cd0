import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { addressOf } from "@earshot/drivers/fields";
import { parseEvmAddress, type RegionId } from "@earshot/protocol/hotspot";
import { DEFAULT_LOG_SETTINGS, errorText, type LogSettings, readNamedFile } from "@earshot/protocol/runtime";
import { parse, TomlError } from "smol-toml";
import type { PageOptions } from "../page/serve.ts";
import type { Config } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { deviceConfig } from "./device-config.ts";
import { environmentKeys, environmentName, environmentValue } from "./keys.ts";
import { problemOf, type Raw } from "./problems.ts";
import { type ConfigFile, configSchema, parsePublicKey } from "./schema.ts";

export { ConfigError } from "./config-error.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

type Warn = (message: string) => void;

/**
 * Reads a configuration file; paths in it are relative to its folder.
 *
 * @param warn told what is ignored
 * @throws {ConfigError}
 */
export function loadConfig(file: string, environment: Environment, warn?: Warn): Config {
  return parseConfig(() => readConfig(file), { file, environment, ...(warn && { warn }) });
}

function readConfig(file: string): string {
  try {
    return readNamedFile(file).toString("utf8");
  } catch (error) {
    const isUnreadable = existsSync(file);
    throw new ConfigError([`Cannot read the configuration: ${errorText(error)}`], { isUnreadable });
  }
}

interface ParseOptions {
  /** For messages, and paths are relative to its folder. */
  file: string;
  /** `EARSHOT_AGENT_<SECTION>_<KEY>` overrides a key. */
  environment: Environment;
  /** Told what is ignored. */
  warn?: Warn;
}

/**
 * @param toml the text, or how to read it
 * @throws {ConfigError}
 */
export function parseConfig(toml: string | (() => string), options: ParseOptions): Config {
  const { file, environment, warn = () => {} } = options;
  let text = "";
  let raw: Raw = {};
  try {
    text = typeof toml === "string" ? toml : toml();
    raw = override(parseToml(text, file), environment, warn);
    const result = configSchema.safeParse(raw);
    if (!result.success) throw new ConfigError(result.error.issues.map((issue) => problemOf(issue, raw)));
    return toConfig(result.data, dirname(file));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems, isUnreadable } = error;
    throw new ConfigError(problems, { isUnreadable, page: readablePage(raw, text, environment) });
  }
}

function parseToml(toml: string, file: string): Raw {
  try {
    return parse(toml);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // What follows the first line shows the place with all that stands there, passwords too.
    const [what = ""] = error.message.split("\n", 1);
    const where = `line ${error.line}, column ${error.column}`;
    throw new ConfigError([
      `${file} is not TOML: ${what.replace(/^Invalid TOML document: /, "")} (${where})`,
    ]);
  }
}

/** Where a configuration with problems wants its page, if that much of it can be read. */
function readablePage(raw: Raw, toml: string, environment: Environment): PageOptions | "off" | undefined {
  const section = raw.page ?? override(pageSection(toml), environment).page;
  const { data } = configSchema.shape.page.safeParse(section);
  const isKnown = data !== undefined && (section !== undefined || Object.keys(raw).length > 0);
  return isKnown ? (pageOptions(data) ?? "off") : undefined;
}

/** How the log is to be before the configuration is read. */
export function logOfEnvironment(environment: Environment): LogSettings {
  const { data = DEFAULT_LOG_SETTINGS } = configSchema.shape.log.safeParse(override({}, environment).log);
  return data;
}

/** Where the page is while nothing says otherwise. */
export const DEFAULT_PAGE = pageOptions(configSchema.shape.page.parse({}));

/** The section alone, of a text that is no TOML elsewhere. */
function pageSection(toml: string): Raw {
  try {
    return parse(/^\[page\][^\n]*\n(?:(?!\s*\[)[^\n]*(?:\n|$))*/m.exec(toml)?.[0] ?? "");
  } catch {
    return {};
  }
}

/**
 * What Kubernetes (and Docker's links) tell each program of a service: `EARSHOT_AGENT_GPS_PORT=tcp://10.43.0.7:2947`
 * when a service is called "earshot-agent-gps". Nobody wrote it for us.
 */
const SERVICE_LINK = /^(tcp|udp|sctp):\/\//;

function override(raw: Raw, environment: Environment, warn: Warn = () => {}): Raw {
  const changed = structuredClone(raw);
  const keys = new Map(environmentKeys().map((key) => [environmentName(key), key]));
  const ignored: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("EARSHOT_AGENT_")) continue;
    const key = keys.get(name);
    if (key === undefined || (name.endsWith("_PORT") && SERVICE_LINK.test(value ?? ""))) ignored.push(name);
    else setIn(changed, key.path, environmentValue(key, value));
  }
  if (ignored.length > 0) {
    const reason = "no keys of the configuration, or what Kubernetes tells of a service";
    warn(`Ignored in the environment: ${ignored.join(", ")} (${reason})`);
  }
  return changed;
}

function setIn(target: Raw, [first, ...rest]: readonly string[], value: unknown): void {
  if (first === undefined) return;
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = target[first];
  if (typeof inner !== "object" || inner === null) target[first] = {};
  setIn(target[first] as Raw, rest, value);
}

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
