import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@earshot/protocol/runtime";
import { seededRandom } from "@earshot/protocol/virtual-time";
import { ROOT } from "./support/process.ts";
import { freePort, startAgent, startGateway, writeAgentConfig } from "./support/services.ts";
import { sendTraffic } from "./support/traffic.ts";

/*
 * A hotspot under real programs gets another key, as after a repair: by a command, with its state folder kept.
 */

/** A guard, not a measure: an epoch takes four seconds. */
const LIMIT_MS = 180_000;

interface Listed {
  cell: string;
  retired: { fromEpoch: number; successor: string } | null;
  predecessor: string | null;
  recent: { judged: number; refusedByReason: Record<string, number> };
}

const json = async <T>(url: string): Promise<T> => (await (await fetch(url)).json()) as T;

/** Asks again and again until there is an answer. */
async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = systemClock.elapsedMs() + LIMIT_MS / 2;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    if (systemClock.elapsedMs() > deadlineMs) throw new Error(`Waited in vain for ${what}`);
    await systemClock.sleep(100);
  }
}

/** A command to its end. */
async function run(...args: string[]): Promise<{ status: number; said: string; error: string }> {
  const command = Bun.spawn([process.execPath, ...args], { cwd: ROOT, stdout: "pipe", stderr: "pipe" });
  const [status, said, error] = await Promise.all([
    command.exited,
    new Response(command.stdout).text(),
    new Response(command.stderr).text(),
  ]);
  return { status, said, error };
}

test(
  "another key takes a hotspot's place by a command: its agent goes on, and every bundle verifies",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "earshot-key-change-"));
    mkdirSync(join(folder, "agent"), { mode: 0o700 });
    const httpPort = await freePort();
    const mqttPort = await freePort();
    const udpPort = await freePort();
    const pagePort = await freePort();
    const stop = new AbortController();
    let gateway = await startGateway({ folder, httpPort, mqttPort });
    const root = gateway.publicKey;
    const config = writeAgentConfig({ folder, publicKey: root, mqttPort, udpPort, pagePort });
    let agent = startAgent(config);
    try {
      const api = `http://127.0.0.1:${httpPort}/api/v1`;
      const random = seededRandom(1);
      const traffic = { clock: systemClock, random, udpPort, periodMs: 300, entropyPeriodMs: 500 };
      void sendTraffic(traffic, stop.signal);
      const [oldId] = await agent.says(/z6Mk\w{44}/);
      const hotspot = async (id: string) =>
        (await json<{ hotspot?: Listed }>(`${api}/hotspots/${id}`)).hotspot;
      const outbox = async () =>
        (await json<{ outbox: { queued: number } }>(`http://127.0.0.1:${pagePort}/status.json`)).outbox;
      await until("the hotspot's place", () => hotspot(oldId));

      const next = join(folder, "next.key");
      const rotate = ["key", "rotate", "--config", config, "--to", next, "--gateway"];
      const url = `http://127.0.0.1:${httpPort}`;
      // A hotspot that does not count yet is told to wait.
      const error = await until("the change", async () => {
        const { status, error } = await run("agent/src/main.ts", ...rotate, url);
        return status === 0 ? error : undefined;
      });
      const fromEpoch = Number(error.match(/epoch (\d+)/)?.[1]);
      const newestEpoch = async () =>
        (await json<{ epochs: { epoch: number }[] }>(`${api}/epochs?limit=1`)).epochs[0]?.epoch ?? -1;
      const closes = (epoch: number) =>
        until(`the end of epoch ${epoch}`, async () => ((await newestEpoch()) >= epoch ? true : undefined));
      await closes(fromEpoch - 1);
      // What waits is of the old key when the agent starts with the new one.
      await gateway.program.end("SIGTERM");
      await until("packets that wait", async () => ((await outbox()).queued > 3 ? true : undefined));
      await agent.end("SIGTERM");
      renameSync(next, join(folder, "agent", "hotspot.key"));
      gateway = await startGateway({ folder, httpPort, mqttPort });
      agent = startAgent(config);
      const [newId] = await agent.says(/z6Mk\w{44}/);
      expect(newId).not.toBe(oldId);
      await until("an empty outbox", async () => ((await outbox()).queued === 0 ? true : undefined));
      const judged = async () => ((await hotspot(newId))?.recent.judged ? true : undefined);
      await until("verdicts on the new key's reports", judged);

      const [before, after] = await Promise.all([hotspot(oldId), hotspot(newId)]);
      expect([before?.retired, before?.predecessor]).toEqual([{ fromEpoch, successor: newId }, null]);
      expect([after?.retired, after?.predecessor, after?.cell]).toEqual([null, oldId, before?.cell]);
      // Judged as any hotspot's: what it heard is nobody's beacon.
      expect(Object.keys(after?.recent.refusedByReason ?? {})).not.toContain("unknown_hotspot");
      await closes((await newestEpoch()) + 1);
      await Promise.all([agent.end("SIGTERM"), gateway.program.end("SIGTERM")]);
      const bundles = join(folder, "gateway", "epochs");
      const verified = await run("gateway/src/main.ts", "verify-epoch", bundles, "--key", root);
      expect([verified.status, verified.said]).toEqual([0, expect.any(String)]);
    } finally {
      stop.abort();
      await Promise.all([agent.end("SIGKILL"), gateway.program.end("SIGKILL")]);
      rmSync(folder, { recursive: true });
    }
  },
  LIMIT_MS,
);
