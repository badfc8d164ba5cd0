import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../src/testing/temporary-folder.ts";
import { NETWORK, networkSigner } from "./harness.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const MAIN = path("../src/main.ts");

export type Runtime = "Bun" | "Deno";

const COMMANDS: Record<Runtime, [string, ...string[]]> = {
  Bun: [process.execPath, MAIN],
  Deno: [denoExecutable(), "run", "-A", MAIN],
};

/** The program itself: what npm installs is a script that starts it, and signals would end only the script. */
function denoExecutable(): string {
  const script = path("../../node_modules/.bin/deno");
  return execFileSync(script, ["eval", "console.log(Deno.execPath())"], { encoding: "utf8" }).trim();
}

export interface Ports {
  broker: number;
  gpsd: number;
}

/**
 * A configuration in a folder of its own. Ports 0 let the system choose; the log tells which.
 *
 * @param more tables put behind it
 */
export function writeConfig({ broker, gpsd }: Ports, more = ""): string {
  const folder = temporaryFolder();
  const file = join(folder, "agent.toml");
  const toml = `
state_dir = "state"
[network]
name = "${NETWORK}"
public_key = "${networkSigner.publicKey.toHex()}"
[broker]
url = "mqtt://127.0.0.1:${broker}"
[hotspot]
latitude = 47.3667
longitude = 8.55
elevation_m = 12
antenna_gain_dbi = 3
region = "US915"
[lora]
type = "semtech-udp"
listen = "127.0.0.1:0"
[gps]
type = "gpsd"
port = ${gpsd}
[page]
listen = "127.0.0.1:0"
${more}`;
  writeFileSync(file, toml);
  return file;
}

/** The agent as a process whose standard error is this file. */
export function spawnAgent(
  runtime: Runtime,
  configFile: string,
  environment: Record<string, string>,
  stderr: number,
): ChildProcess {
  const [command, ...args] = COMMANDS[runtime];
  const env = { ...process.env, ...environment };
  return spawn(command, [...args, "--config", configFile], { stdio: ["ignore", "ignore", stderr], env });
}

/** The agent as a process of its own, watched through its log. */
export class AgentProcess implements AsyncDisposable {
  readonly lines: string[] = [];
  stdout = "";
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;
  readonly #waiting = new Set<() => void>();

  constructor(
    runtime: Runtime,
    configFile: string,
    subcommand: string[] = [],
    environment: Record<string, string> = {},
  ) {
    const [command, ...args] = COMMANDS[runtime];
    this.#child = spawn(command, [...args, ...subcommand, "--config", configFile], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        EARSHOT_AGENT_LOG_FORMAT: "text",
        ...environment,
        ...(subcommand.length === 0 ? {} : { EARSHOT_AGENT_PAGE_LISTEN: "off" }),
      },
    });
    this.#exited = once(this.#child, "close");
    if (this.#child.stderr === null || this.#child.stdout === null) throw new Error("no pipes");
    this.#child.stdout.on("data", (data) => {
      this.stdout += String(data);
    });
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.lines.push(line);
      for (const check of this.#waiting) check();
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("The agent did not start");
    return pid;
  }

  /** The first match in the log, past or to come. Fails when the agent ends before. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    const find = () => this.lines.map((line) => pattern.exec(line)).find((match) => match !== null);
    const found = new Promise<RegExpExecArray>((resolve) => {
      const check = () => {
        const match = find();
        if (match === undefined) return;
        this.#waiting.delete(check);
        resolve(match);
      };
      this.#waiting.add(check);
      check();
    });
    const ended = this.#exited.then(() => {
      throw new Error(`The agent ended before ${pattern}:\n${this.lines.join("\n")}`);
    });
    ended.catch(() => {});
    return Promise.race([found, ended]);
  }

  /** The UDP port on which it waits for forwarders. */
  async radioPort(): Promise<number> {
    return Number((await this.logged(/semtech-udp 127\.0\.0\.1:(\d+)/))[1]);
  }

  async pageAddress(): Promise<string> {
    return (await this.logged(/page="([^"]+)"/))[1] ?? "";
  }

  end(signal: NodeJS.Signals): Promise<unknown> {
    this.#child.kill(signal);
    return this.exit();
  }

  /** A test that fails leaves no agent behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Exit code, or the signal that ended it. */
  async exit(): Promise<unknown> {
    const [code, by] = await this.#exited;
    return code ?? by;
  }
}

/** Runs a subcommand to its end. */
export async function runCommand(
  runtime: Runtime,
  args: string[],
  environment: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [command, ...first] = COMMANDS[runtime];
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment };
    execFile(command, [...first, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Runs a file under Deno and returns the lines it printed; throws with its output when it fails. */
export async function runFileUnderDeno(file: URL): Promise<string[]> {
  const [deno] = COMMANDS.Deno;
  return new Promise((resolve, reject) => {
    execFile(deno, ["run", "-A", fileURLToPath(file)], (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim().split("\n"));
      else reject(new Error(`${file} failed under Deno:\n${stdout}${stderr}`));
    });
  });
}
