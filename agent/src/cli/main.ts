import { parseArgs } from "node:util";
import { errorText } from "@earshot/protocol/runtime";
import { ConfigError } from "@earshot/protocol/runtime/config";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { StorageError } from "../start/storage-error.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { doctor, lookForDevices } from "./doctor.ts";
import { id } from "./id.ts";
import { key } from "./key.ts";
import { run } from "./run.ts";
import { status } from "./status.ts";

export const USAGE = `Usage: earshot-agent [COMMAND] --config FILE

  (none)   run the agent
  id       print this hotspot's name, id and did:key; makes the key when there is none
  status   ask the running agent how it is; exit code 1 when something is broken
  doctor   check configuration, key, clock, devices and broker, and say what to do;
           find devices and print the lines for them; without --config only that
  audit    check that every report that the network has confirmed is in what it publishes
           (earshot-agent audit --help)
  key      replace this hotspot's key, or revoke it: earshot-agent key --help

  --help, --version

Any key of the configuration can be set from the environment: EARSHOT_AGENT_<SECTION>_<KEY>.
`;

type Command = (configFile: string, terminal: Terminal) => ExitCode | Promise<ExitCode>;

/** A command for which the configuration has to be valid. */
const withConfig =
  (command: (config: Config, terminal: Terminal) => ExitCode | Promise<ExitCode>): Command =>
  (configFile, terminal) => {
    const warn = (message: string) => terminal.error(`warn ${message}\n`);
    return command(loadConfig(configFile, terminal.environment, warn), terminal);
  };

const COMMANDS: Readonly<Record<string, Command>> = {
  run,
  id: withConfig(id),
  status: withConfig(status),
  doctor: withConfig(doctor),
};

/** Commands with a command line of their own. */
const OWN_LINE: Readonly<Record<string, (args: string[], terminal: Terminal) => Promise<ExitCode>>> = {
  // Loaded when it is asked for: the service does without logs, manifests and evidence in its memory.
  audit: async (...line) => (await import("./audit.ts")).audit(...line),
  key,
};

/** Runs one command line. Expected failures are reported in one line; a stack trace means a bug. */
export async function main(args: string[], terminal: Terminal): Promise<ExitCode> {
  const [name = ""] = args;
  const own = Object.hasOwn(OWN_LINE, name) ? OWN_LINE[name] : undefined;
  if (args.includes("--version")) {
    terminal.out(`earshot-agent ${terminal.version}\n`);
    return 0;
  }
  if (own !== undefined) return guarded("--config", terminal, () => own(args.slice(1), terminal));
  const parsed = parseCommandLine(args);
  if (typeof parsed === "string") {
    terminal.error(`${parsed}\n\n${USAGE}`);
    return 2;
  }
  if (parsed.help) {
    terminal.out(USAGE);
    return 0;
  }
  const { config, command } = parsed;
  return guarded(config ?? "", terminal, () =>
    config === undefined ? lookForDevices(terminal) : command(config, terminal),
  );
}

/** @param file the configuration, for its problems */
async function guarded(
  file: string,
  terminal: Terminal,
  run: () => ExitCode | Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) terminal.error(`${file}: ${problem}\n`);
      return error.isUnreadable ? 1 : 2;
    }
    const advice = error instanceof StorageError ? `. ${error.advice}` : "";
    terminal.error(`error ${errorText(error)}${advice}\n`);
    return 1;
  }
}

interface CommandLine {
  command: Command;
  /** Absent only when nothing is to be read from one. */
  config?: string;
  help: boolean;
}

/** The parsed command line, or a sentence about what is wrong with it. */
function parseCommandLine(args: string[]): CommandLine | string {
  const options = {
    config: { type: "string", short: "c" },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [name = "run", ...more] = positionals;
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined || more.length > 0) {
      return `Unknown command "${positionals.join(" ")}"; allowed are ${[...Object.keys(COMMANDS), ...Object.keys(OWN_LINE)].join(", ")}`;
    }
    const { help } = values;
    const isOptional = command === COMMANDS.doctor || help;
    if ((values.config ?? "") === "" && !isOptional) return "--config FILE is missing";
    return { command, help, ...(values.config === undefined ? {} : { config: values.config }) };
  } catch (error) {
    return errorText(error);
  }
}
