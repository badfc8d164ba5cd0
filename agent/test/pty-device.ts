import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { temporaryFolder } from "../src/testing/temporary-folder.ts";

const hasSocat = spawnSync("socat", ["-V"]).status === 0;

/** Without `socat` these tests skip, unless `EARSHOT_REQUIRE_TOOLS=1` says that they must run. */
export const skipPty = !hasSocat && process.env.EARSHOT_REQUIRE_TOOLS !== "1";

/** A device on a cable that can be pulled out and put back: a pseudo-terminal with a name that stays. */
export class PtyDevice implements AsyncDisposable {
  /** What the agent opens. */
  readonly path = join(temporaryFolder(), "port");
  /** What the device answers to what the agent writes. */
  readonly #answer: (bytes: Uint8Array) => Uint8Array | undefined;
  #socat: ChildProcessWithoutNullStreams | undefined;
  #exited: Promise<unknown> = Promise.resolve();

  constructor(answer: (bytes: Uint8Array) => Uint8Array | undefined = () => undefined) {
    this.#answer = answer;
  }

  static async plugged(answer?: (bytes: Uint8Array) => Uint8Array | undefined): Promise<PtyDevice> {
    const device = new PtyDevice(answer);
    await device.plug();
    return device;
  }

  async plug(): Promise<void> {
    const socat = spawn("socat", ["-d", "-d", `pty,raw,echo=0,link=${this.path}`, "STDIO"]);
    this.#socat = socat;
    this.#exited = once(socat, "exit");
    socat.stdin.on("error", () => {});
    socat.stdout.on("data", (bytes: Uint8Array) => {
      const answer = this.#answer(bytes);
      if (answer !== undefined && answer.length > 0) this.say(answer);
    });
    let said = "";
    for await (const text of socat.stderr) {
      said += text;
      if (said.includes("starting data transfer loop")) return;
    }
    throw new Error(`socat made no terminal: ${said}`);
  }

  /** The device says this. */
  say(bytes: Uint8Array | string): void {
    this.#socat?.stdin.write(bytes);
  }

  /** Takes the port away, as pulling the plug does. */
  async unplug(): Promise<void> {
    this.#socat?.kill();
    await this.#exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unplug();
  }
}

export interface OtherProgram extends Disposable {
  readonly pid: number;
  end(): void;
}

/** A program of its own, no child of ours, that reads a port. */
export async function otherProgramOn(path: string): Promise<OtherProgram> {
  const shell = spawn("sh", ["-c", 'cat "$1" > /dev/null & echo $!', "sh", path], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  for await (const text of shell.stdout) {
    said += text;
    if (said.includes("\n")) break;
  }
  const pid = Number(said);
  let isRunning = true;
  const end = () => {
    if (isRunning) process.kill(pid, "SIGKILL");
    isRunning = false;
  };
  return { pid, end, [Symbol.dispose]: end };
}
