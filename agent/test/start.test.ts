import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { StartDocument, StatusDocument } from "@earshot/agent";
import { systemClock } from "@earshot/protocol/runtime";
import { AgentProcess, type Runtime, runCommand, writeConfig } from "./agent-process.ts";

const LIMIT_MS = 60_000;
/** Nobody listens there: the agent runs without a broker. */
const PORTS = { broker: 9, gpsd: 9 };

const statusOf = async (page: string): Promise<StartDocument | StatusDocument> =>
  (await fetch(`${page}status.json`)).json() as Promise<StartDocument | StatusDocument>;

const brokenOf = async (page: string) =>
  (await statusOf(page)).parts.filter(({ health }) => health === "broken");

const stateOf = (config: string) => join(dirname(config), "state");

for (const runtime of ["Bun", "Deno"] satisfies Runtime[]) {
  test(
    `under ${runtime}: a wrong configuration stands on the page, which stays, until it is corrected`,
    async () => {
      const config = writeConfig(PORTS);
      const right = readFileSync(config, "utf8");
      writeFileSync(config, right.replace("US915", "EU999").replace("[broker]", "[broker]\npasword = 1"));
      await using agent = new AgentProcess(runtime, config);
      const page = await agent.pageAddress();
      await agent.logged(/error start: Not started, configuration: hotspot.region is "EU999"/);
      expect(await brokenOf(page)).toMatchObject([
        { title: "Configuration", text: expect.stringContaining("broker.pasword is not a key; allowed are") },
        {
          title: "Configuration",
          text: expect.stringContaining('hotspot.region is "EU999"; allowed is one of'),
        },
      ]);
      const html = await (await fetch(page)).text();
      expect(html).toContain("broker.pasword is not a key");
      writeFileSync(config, right);
      await agent.logged(/Agent started/);
      expect((await statusOf(page)).parts.map(({ title }) => title)).toContain("Radio");
      expect(await agent.end("SIGTERM")).toBe(0);
    },
    LIMIT_MS,
  );
}

test(
  "what is no TOML keeps the page where its section says, and the status command tells the same",
  async () => {
    const config = writeConfig(PORTS);
    const right = readFileSync(config, "utf8");
    writeFileSync(config, right.replace("[broker]", "[broker"));
    await using agent = new AgentProcess("Bun", config);
    const page = await agent.pageAddress();
    expect(new URL(page).port).not.toBe("4480");
    const [{ text = "" } = {}] = await brokenOf(page);
    expect(text).toContain("is not TOML");
    const { code, stderr } = await runCommand("Bun", ["status", "--config", config]);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
    writeFileSync(config, right);
    await agent.logged(/Agent started/);
  },
  LIMIT_MS,
);

test(
  "a damaged key, and a configuration that is not there yet, are told and taken when they are put back",
  async () => {
    const config = writeConfig(PORTS);
    expect((await runCommand("Bun", ["id", "--config", config])).code).toBe(0);
    const key = join(stateOf(config), "hotspot.key");
    const backup = readFileSync(key);
    writeFileSync(key, new Uint8Array(32).fill(0xff));
    await using agent = new AgentProcess("Bun", config);
    const page = await agent.pageAddress();
    await agent.logged(/Not started, key/);
    expect(await brokenOf(page)).toMatchObject([{ title: "Key", text: expect.stringContaining(key) }]);
    const { host } = new URL(page);
    const asked = await runCommand("Bun", ["status", "--config", config], {
      EARSHOT_AGENT_PAGE_LISTEN: host,
    });
    expect(asked.stdout).toMatch(/^not started yet\n.*^Key +✕ broken +.*hotspot\.key is no key/ms);
    expect(asked.code).toBe(1);
    // Away meanwhile: the configuration is read again, too.
    renameSync(config, `${config}.away`);
    await agent.logged(/Not started, configuration: .*there is no such file/);
    writeFileSync(key, backup);
    renameSync(`${config}.away`, config);
    await agent.logged(/Agent started/);
    expect(readFileSync(key)).toEqual(backup);
  },
  LIMIT_MS,
);

test(
  "a second agent on the same state waits until the first has ended",
  async () => {
    const config = writeConfig(PORTS);
    await using first = new AgentProcess("Bun", config);
    await first.logged(/Agent started/);
    await using second = new AgentProcess("Bun", config);
    await second.logged(/Not started, storage: .*another agent is running on the same state_dir/);
    expect(await brokenOf(await second.pageAddress())).toMatchObject([{ title: "Storage" }]);
    expect(await first.end("SIGTERM")).toBe(0);
    await second.logged(/Agent started/);
    expect(await second.end("SIGTERM")).toBe(0);
  },
  LIMIT_MS,
);

test(
  "a disk that comes late over the state folder is taken, and one that goes makes no new hotspot",
  async () => {
    const config = writeConfig(PORTS);
    const state = stateOf(config);
    const idOf = async () =>
      /did:key:(\S+)/.exec((await runCommand("Bun", ["id", "--config", config])).stdout)?.[1];
    const known = await idOf();
    renameSync(state, `${state}.disk`);
    mkdirSync(state, { mode: 0o700 });
    await using agent = new AgentProcess("Bun", config);
    const other = (await agent.logged(/Agent started .*hotspot="(\S+)"/))[1];
    expect(other).not.toBe(known);
    renameSync(state, `${state}.below`);
    renameSync(`${state}.disk`, state);
    await agent.logged(new RegExp(`Agent started .*hotspot="${known}"`));

    renameSync(state, `${state}.disk`);
    mkdirSync(state, { mode: 0o700 });
    await agent.logged(/Not started, key: .*is not there any more: is its disk mounted/);
    expect(await brokenOf(await agent.pageAddress())).toMatchObject([{ title: "Key" }]);
    expect(await agent.end("SIGTERM")).toBe(0);
  },
  LIMIT_MS,
);

test(
  "under systemd a broken start is ready, feeds the watchdog, and ends cleanly",
  async () => {
    const config = writeConfig(PORTS);
    const folder = dirname(config);
    writeFileSync(config, readFileSync(config, "utf8").replace("US915", "EU999"));
    writeFileSync(join(folder, "systemd-notify"), `#!/bin/sh\necho "$@" >> ${folder}/notified\n`, {
      mode: 0o755,
    });
    const environment = {
      PATH: `${folder}:${process.env.PATH}`,
      NOTIFY_SOCKET: "/run/none",
      WATCHDOG_USEC: "200000",
    };
    await using agent = new AgentProcess("Bun", config, [], environment);
    await agent.logged(/Not started, configuration/);
    expect(await notificationsOf(folder, 3)).toEqual(["--ready", "WATCHDOG=1", "WATCHDOG=1"]);
    expect(await agent.end("SIGTERM")).toBe(0);
  },
  LIMIT_MS,
);

/** The first so many, as they come. */
async function notificationsOf(folder: string, count: number): Promise<string[]> {
  const file = join(folder, "notified");
  for (;;) {
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    if (lines.length >= count) return lines.slice(0, count);
    await systemClock.sleep(20);
  }
}

describe("at a terminal", () => {
  const atTerminal = (config: string, environment = {}) =>
    spawnSync("script", ["-qec", `${process.execPath} ${main} --config ${config}`, "/dev/null"], {
      encoding: "utf8",
      env: { ...process.env, ...environment },
      timeout: LIMIT_MS,
    });
  const main = join(import.meta.dir, "../src/main.ts");

  test("a wrong configuration is reported at once, with exit code 2", () => {
    const config = writeConfig(PORTS);
    writeFileSync(config, readFileSync(config, "utf8").replace("US915", "EU999"));
    const { status, stdout } = atTerminal(config);
    expect(stdout).toContain('hotspot.region is "EU999"; allowed is one of "EU868"');
    expect(stdout).not.toContain("status page");
    expect(status).toBe(2);
    expect(atTerminal(`${config}.typo`).status).toBe(2);
  });
});
