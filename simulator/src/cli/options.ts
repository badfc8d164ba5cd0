import { parseArgs } from "node:util";
import { isRegionId, REGION_IDS } from "@earshot/protocol";
import { errorText } from "@earshot/protocol/runtime";
import { CITIES, type City, cityOfRegion, DEFAULT_CITY } from "../placement/cities.ts";

export interface RunOptions {
  isVirtual: boolean;
  hotspots: number;
  /** Runs until stopped when absent. */
  epochs?: number;
  /** Random when absent. */
  seed?: number;
  city: City;
  /** Keeps databases, keys and bundles there; otherwise in a temporary folder that is removed at the end. */
  stateDir?: string;
  /** 0 takes a free port. */
  httpPort: number;
  mqttPort: number;
}

type ParsedOptions =
  | { ok: true; shown: "help" | "version"; command?: Command }
  | { ok: true; shown?: never; options: RunOptions }
  | { ok: false; problem: string };

type Command = "demo" | "fleet";

const MAX_HOTSPOTS = 1000;
const MAX_EPOCHS = 100_000;
const MAX_SEED = 2 ** 32 - 1;
const MAX_PORT = 65_535;
const DEFAULT_HOTSPOTS = 24;
const DEFAULT_VIRTUAL_EPOCHS = 2;

const FLAGS = {
  virtual: { type: "boolean" },
  hotspots: { type: "string" },
  epochs: { type: "string" },
  seed: { type: "string" },
  city: { type: "string" },
  region: { type: "string" },
  state: { type: "string" },
  "http-port": { type: "string" },
  "mqtt-port": { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

type Flags = { -readonly [K in keyof typeof FLAGS]?: string | boolean | undefined };

class OptionProblem extends Error {}

/** Parses the command line. A problem names the value and what is allowed. */
export function parseOptions(args: readonly string[]): ParsedOptions {
  try {
    const [command, ...rest] = args;
    if (command === undefined || command === "--help" || command === "-h") return { ok: true, shown: "help" };
    if (command === "--version") return { ok: true, shown: "version" };
    if (command !== "demo" && command !== "fleet") {
      throw new OptionProblem(`Unknown command "${command}"; allowed are demo and fleet`);
    }
    const flags: Flags = readFlags(rest);
    if (flags.help === true) return { ok: true, shown: "help", command };
    if (flags.version === true) return { ok: true, shown: "version", command };
    return { ok: true, options: optionsOf(command, flags) };
  } catch (error) {
    if (error instanceof OptionProblem) return { ok: false, problem: error.message };
    throw error;
  }
}

function readFlags(args: string[]): Flags {
  try {
    return parseArgs({ args, options: FLAGS, strict: true }).values;
  } catch (error) {
    throw new OptionProblem(errorText(error));
  }
}

function optionsOf(command: Command, flags: Flags): RunOptions {
  const isVirtual = flags.virtual === true;
  if (isVirtual && command === "demo")
    throw new OptionProblem("--virtual belongs to fleet: the demo is real");
  const socketFlag = (["http-port", "mqtt-port"] as const).find((name) => flags[name] !== undefined);
  if (isVirtual && socketFlag !== undefined) {
    throw new OptionProblem(`--${socketFlag} makes no sense with --virtual, which opens no sockets`);
  }
  const epochs = whole(flags, "epochs", 1, MAX_EPOCHS) ?? (isVirtual ? DEFAULT_VIRTUAL_EPOCHS : undefined);
  const seed = whole(flags, "seed", 0, MAX_SEED);
  const stateDir = flags.state;
  if (stateDir === "") throw new OptionProblem(`--state is ""; a folder is needed`);
  return {
    isVirtual,
    hotspots: whole(flags, "hotspots", 1, MAX_HOTSPOTS) ?? DEFAULT_HOTSPOTS,
    ...(epochs === undefined ? {} : { epochs }),
    ...(seed === undefined ? {} : { seed }),
    city: cityOf(flags),
    ...(typeof stateDir === "string" ? { stateDir } : {}),
    httpPort: whole(flags, "http-port", 0, MAX_PORT) ?? 0,
    mqttPort: whole(flags, "mqtt-port", 0, MAX_PORT) ?? 0,
  };
}

function whole(flags: Flags, name: keyof Flags, min: number, max: number): number | undefined {
  const text = flags[name];
  if (text === undefined) return undefined;
  const value = typeof text === "string" && /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new OptionProblem(`--${name} is "${text}"; whole numbers from ${min} to ${max} are allowed`);
}

function cityOf(flags: Flags): City {
  const { city, region } = flags;
  if (region !== undefined && (typeof region !== "string" || !isRegionId(region))) {
    throw new OptionProblem(`--region is "${region}"; allowed are ${REGION_IDS.join(", ")}`);
  }
  const key = city ?? (region === undefined ? DEFAULT_CITY : cityOfRegion(region));
  const found = typeof key === "string" && Object.hasOwn(CITIES, key) ? CITIES[key] : undefined;
  if (found === undefined) {
    const known = Object.entries(CITIES).map(([name, { region: of }]) => `${name} (${of})`);
    const what = city === undefined ? `--region ${region} has no city here` : `--city is "${city}"`;
    throw new OptionProblem(`${what}; allowed are ${known.join(", ")}`);
  }
  return typeof region === "string" && isRegionId(region) ? { ...found, region } : found;
}

const cities = Object.keys(CITIES).join(", ");

export const USAGE = `Usage: bun run demo [options]                 gateway, broker, page and a fleet of real agents
       bun run simulator fleet [options]      the same, for other purposes
       bun run simulator fleet --virtual …    the same agents and gateway in virtual time, no sockets

  --hotspots N     how many, 1 to 1000 (24)
  --epochs N       stop after so many epochs and print one line of JSON; else run until Ctrl-C (--virtual: 2)
  --seed S         0 to 4294967295; the same seed gives the same fleet and keys (random, and printed)
  --city NAME      ${cities} (denver)
  --region ID      a city of this region, or this region's rules in the city given
  --state DIR      keep databases and epoch bundles there (a temporary folder, removed at the end)
  --http-port N    page and API on 127.0.0.1 (a free port)
  --mqtt-port N    broker on 127.0.0.1 (a free port)
  --help, --version

Exit status: 0 done, 1 failed or a bundle cannot be verified, 2 wrong usage, 130 stopped before --epochs.
`;
