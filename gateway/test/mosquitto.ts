import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = ["/usr/sbin/mosquitto", "mosquitto"].find(
  (program) => spawnSync(program, ["-h"]).error === undefined,
);

/** Tests that need the real broker are skipped without it, unless CI says that it must be there. */
export const isMosquittoMissing = PROGRAM === undefined && process.env.EARSHOT_REQUIRE_TOOLS !== "1";

/** A real broker on a free port, which keeps its sessions and messages on disk. */
export class Mosquitto implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  /** @param settings further lines of the configuration file, for a folder that they may put files into */
  static async start(
    settings: (folder: string) => readonly string[] = () => ["allow_anonymous true"],
  ): Promise<Mosquitto> {
    const folder = mkdtempSync(join(tmpdir(), "earshot-mosquitto-"));
    const broker = new Mosquitto(await freePort(), folder);
    const lines = [
      `listener ${broker.port} 127.0.0.1`,
      "persistence true",
      `persistence_location ${folder}/`,
      "user root",
      ...settings(folder),
    ];
    writeFileSync(join(folder, "mosquitto.conf"), `${lines.join("\n")}\n`);
    await broker.run();
    return broker;
  }

  /** Resolves when it listens. */
  async run(): Promise<void> {
    const config = join(this.#folder, "mosquitto.conf");
    this.#child = spawn(PROGRAM ?? "mosquitto", ["-c", config], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const { stderr } = this.#child;
    if (stderr === null) throw new TypeError("Mosquitto has no standard error");
    let said = "";
    for await (const chunk of stderr.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      said += chunk;
      if (/mosquitto version .* running/.test(said)) break;
    }
    if (!/running/.test(said)) throw new Error(`Mosquitto did not start: ${said}`);
    stderr.resume();
  }

  /** @param signal SIGTERM lets it write its state, SIGKILL does not */
  async stop(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
