import { afterAll, beforeAll, describe, expect, test } from "bun:test";
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
const DENO = join(ROOT, "node_modules/.bin/deno");

const bun = (...args: string[]) => [process.execPath, ...args];
const shell = (command: readonly string[], target: Target) =>
  new Program("bash", ["-o", "pipefail", "-c", `"$0" "$@" ${target}`, ...command]);

let config = "";
beforeAll(async () => {
  mkdirSync(join(folder, "agent"), { mode: 0o700 });
  const [mqttPort, udpPort, pagePort] = [await freePort(), await freePort(), await freePort()];
  config = writeAgentConfig({ folder, publicKey: "00".repeat(32), mqttPort, udpPort, pagePort });
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

for (const target of ["| true", "> /dev/full"] satisfies Target[]) {
  test(`the gateway serves on, its output ${target}`, async () => {
    const [http, mqtt] = [await freePort(), await freePort()];
    const environment = {
      EARSHOT_GATEWAY_STATE_DIR: join(folder, "gateway"),
      EARSHOT_GATEWAY_HTTP__PORT: String(http),
      EARSHOT_GATEWAY_BROKER__PORT: String(mqtt),
    };
    // Not behind a shell, which a signal would end instead: the gateway takes the shell's place.
    const into = target === "| true" ? "> >(true)" : target;
    const gateway = new Program(
      "bash",
      ["-c", `exec "$0" "$@" ${into}`, ...bun("gateway/src/main.ts")],
      environment,
    );
    const isHealthy = async () =>
      (await fetch(`http://127.0.0.1:${http}/healthz`).catch(() => undefined))?.ok;
    while (!(await isHealthy())) await new Promise((resolve) => setImmediate(resolve));
    expect(await gateway.end("SIGTERM")).toBe(0);
    expect(gateway.said).not.toMatch(/EPIPE|ENOSPC|^\s+at /m);
  });
}
