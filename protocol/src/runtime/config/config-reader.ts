import { existsSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import type { z } from "zod";
import { errorText } from "../error-text.ts";
import { readNamedFile } from "../regular-file.ts";
import { type ConfigKey, configKeys } from "./config-keys.ts";
import { ConfigError, checkValue, type Table } from "./config-problems.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** How the environment names keys: `EARSHOT_AGENT_` and `_` make `EARSHOT_AGENT_HOTSPOT_REGION`. */
export interface EnvironmentNames {
  prefix: string;
  /** Between a section and its keys. */
  separator: string;
}

export interface ReadOptions {
  /** For messages. */
  file: string;
  environment: Environment;
  /** Told what is ignored. */
  warn?: ((message: string) => void) | undefined;
}

/**
 * What Kubernetes (and Docker's links) tell each program of a service: `EARSHOT_AGENT_GPS_PORT=tcp://10.43.0.7:2947`
 * when a service is called "earshot-agent-gps". Nobody wrote it for us.
 */
const SERVICE_LINK = /^(tcp|udp|sctp):\/\//;

/** The text of a configuration file. @throws {ConfigError} */
export function readConfigFile(file: string): string {
  try {
    return readNamedFile(file).toString("utf8");
  } catch (error) {
    const isUnreadable = existsSync(file);
    throw new ConfigError([`Cannot read the configuration: ${errorText(error)}`], { isUnreadable });
  }
}

/** Reads configurations of one schema: TOML, and what the environment overrides. */
export class ConfigReader<S extends z.ZodType> {
  readonly #schema: S;
  readonly #names: EnvironmentNames;
  readonly #byName: ReadonlyMap<string, ConfigKey>;

  constructor(schema: S, names: EnvironmentNames) {
    this.#schema = schema;
    this.#names = names;
    const keys = configKeys(schema).filter(({ isRepeated }) => !isRepeated);
    this.#byName = new Map(keys.map((key) => [this.environmentName(key), key]));
  }

  environmentName({ path }: Pick<ConfigKey, "path">): string {
    return `${this.#names.prefix}${path.join(this.#names.separator).toUpperCase()}`;
  }

  /** @throws {ConfigError} */
  read(toml: string, options: ReadOptions): z.output<S> {
    return checkValue(this.#schema, this.table(toml, options));
  }

  /** What file and environment say, unchecked. @throws {ConfigError} when it is not TOML */
  table(toml: string, { file, environment, warn = () => {} }: ReadOptions): Table {
    const table = parseToml(toml, file);
    const ignored: string[] = [];
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined || !name.startsWith(this.#names.prefix)) continue;
      const key = this.#byName.get(name);
      if (key === undefined || (name.endsWith("_PORT") && SERVICE_LINK.test(value))) ignored.push(name);
      else setIn(table, key.path, typedValue(key, value));
    }
    if (ignored.length > 0) {
      const reason = "no keys of the configuration, or what Kubernetes tells of a service";
      warn(`Ignored in the environment: ${ignored.join(", ")} (${reason})`);
    }
    return table;
  }
}

function parseToml(toml: string, file: string): Table {
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

/** A value of the environment as the key's kind of value; as it is when it is none. */
function typedValue({ kind }: ConfigKey, value: string): unknown {
  if (value.trim() === "") return value;
  if (kind === "number" && !Number.isNaN(Number(value))) return Number(value);
  if (kind === "flag" && ["true", "false"].includes(value)) return value === "true";
  return value;
}

function setIn(target: Table, [first, ...rest]: readonly string[], value: unknown): void {
  if (first === undefined) return;
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = target[first];
  if (typeof inner !== "object" || inner === null) target[first] = {};
  setIn(target[first] as Table, rest, value);
}
