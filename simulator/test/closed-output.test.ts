import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program, ROOT } from "./support/process.ts";
import { freePort, writeAgentConfig } from "./support/services.ts";

/** What a command's output goes to: a reader that has read enough, or a disk that is full. */
type Target = "| true" | "> /dev/full";

const folder = mkdtempSync(join(tmpdir(), "earshot-closed-output-"));
const state = join(folder, "fleet");
const FLEET = ["simulator/src/main.ts", ..."fleet --virtual --hotspots 2 --epochs 1 --seed 7".split(" ")];
/** The program itself: what npm installs is a script that starts it. */
const DENO = execFileSync(join(ROOT, "node_modules/.bin/deno"), ["eval", "console.log(Deno.execPath())"], {
  encoding: "utf8",
}).trim();

const bun = (...args: string[]) => [process.execPath, ...args];
const shell = (command: readonly string[], target: Target) =>
  new Program("bash", ["-o", "pipefail", "-c", `"$0" "$@" ${target}`, ...command]);

let config = "";
let pageUrl = "";
let environment: Record<string, string> = {};
beforeAll(async () => {
  mkdirSync(join(folder, "agent"), { mode: 0o700 });
  const [mqttPort, udpPort, pagePort] = [await freePort(), await freePort(), await freePort()];
  config = writeAgentConfig({ folder, publicKey: "00".repeat(32), mqttPort, udpPort, pagePort });
  pageUrl = `http://127.0.0.1:${pagePort}/status.json`;
  environment = {
    EARSHOT_GATEWAY_STATE_DIR: join(folder, "gateway"),
    EARSHOT_GATEWAY_HTTP__PORT: String(await freePort()),
    EARSHOT_GATEWAY_BROKER__PORT: String(await freePort()),
  };
  const fleet = new Program(process.execPath, [...FLEET, "--state", state]);
  expect(await fleet.ended()).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Commands that are there only to print, made when the folders are. */
const COMMANDS: Readonly<Record<string, () => string[]>> = {
  "the agent's usage": () => bun("agent/src/main.ts", "--help"),
  "the agent's usage under Deno": () => [DENO, "run", "-A", "agent/src/main.ts", "--help"],
  "a hotspot's id": () => bun("agent/src/main.ts", "id", "--config", config),
  "verifying epochs": () => bun("gateway/src/main.ts", "verify-epoch", join(state, "epochs")),
  "the simulator's usage": () => bun("simulator/src/main.ts", "--help"),
  "a fleet": () => bun(...FLEET),
};

describe("what nobody reads ends without a word", () => {
  test.each(Object.entries(COMMANDS))("%s", async (_, command) => {
    const program = shell(command(), "| true");
    expect([await program.ended(), program.said]).toEqual([0, expect.not.stringMatching(/EPIPE|^\s+at /m)]);
  });
});

describe("what a full disk does not take is told in one line", () => {
  test.each(Object.entries(COMMANDS))("%s", async (_, command) => {
    const program = shell(command(), "> /dev/full");
    expect(await program.ended()).toBe(1);
    expect(program.said).toMatch(/^error Cannot write the output: .*(ENOSPC|No space)/m);
    expect(program.said).not.toMatch(/^\s+at /m);
  });
});

/** Programs that are there to serve, and where they answer. */
const SERVICES: Readonly<Record<string, () => { command: string[]; url: string }>> = {
  "the gateway": () => ({
    command: bun("gateway/src/main.ts"),
    url: `http://127.0.0.1:${environment.EARSHOT_GATEWAY_HTTP__PORT}/healthz`,
  }),
  "the agent": () => ({ command: bun("agent/src/main.ts", "--config", config), url: pageUrl }),
  "the agent under Deno": () => ({
    command: [DENO, "run", "-A", "agent/src/main.ts", "--config", config],
    url: pageUrl,
  }),
};

describe("what serves goes on, though nobody reads what it prints and logs", () => {
  const cases = Object.entries(SERVICES).flatMap(([name, service]) =>
    ["> >(true) 2>&1", "> /dev/full 2>&1"].map((target) => ({ name, target, service })),
  );
  test.each(cases)("$name $target", async ({ target, service }) => {
    const { command, url } = service();
    // It takes the shell's place: a signal would end only the shell.
    const program = new Program("bash", ["-c", `exec "$0" "$@" ${target}`, ...command], environment);
    const isServing = async () => (await fetch(url).catch(() => undefined))?.ok;
    while (!(await isServing())) await new Promise((resolve) => setImmediate(resolve));
    expect(await program.end("SIGTERM")).toBe(0);
  });
});
