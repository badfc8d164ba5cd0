import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { type AgentStatus, RESERVED_NUMBERS } from "@earshot/agent";
import { sha256 } from "@earshot/protocol";
import { systemClock } from "@earshot/protocol/runtime";
import { hasTool, type RunningBroker, startMosquitto } from "../src/testing/mqtt-brokers.ts";
import { AgentProcess, type Runtime, runCommand, spawnAgent, writeConfig } from "./agent-process.ts";
import { loraFrameOf } from "./beacon-frames.ts";
import { FakeForwarder } from "./fake-forwarder.ts";
import { startGpsdWithFix } from "./fake-gpsd.ts";
import { FakeNetwork } from "./fake-network.ts";

const LIMIT_MS = 60_000;
/** So short that a beacon, somewhere in the first 80 % of it, comes soon. */
const PERIOD_MS = 2000;

describe.skipIf(!hasTool("mosquitto"))("the agent as a process", () => {
  let broker: RunningBroker;
  let gpsd: Awaited<ReturnType<typeof startGpsdWithFix>>;
  let network: FakeNetwork;

  beforeAll(async () => {
    broker = await startMosquitto(() => ["allow_anonymous true"]);
    gpsd = await startGpsdWithFix();
    network = await FakeNetwork.connect(broker.port);
  });

  afterAll(async () => {
    await network.close();
    await gpsd.stop();
    await broker.stop();
  });

  for (const runtime of ["Bun", "Deno"] satisfies Runtime[]) {
    test(
      `under ${runtime}: reports its state, beacons, witnesses, stops cleanly`,
      async () => {
        network.packets.length = 0;
        const config = writeConfig({ broker: broker.port, gpsd: gpsd.port });
        await using agent = new AgentProcess(runtime, config);
        const forwarder = new FakeForwarder(await agent.radioPort());
        await forwarder.pull();

        await network.until(() => network.of("status").some(({ sequence }) => sequence > 0));
        const [status] = network.of("status");
        expect(status).toMatchObject({
          state: "online",
          assertion: { region: "US915", antennaGainDdbi: 30 },
        });

        await network.publishEntropy(systemClock.now(), PERIOD_MS);
        const sent = await forwarder.transmission();
        await network.until(() => network.of("beacon").length > 0);
        const [beacon] = network.of("beacon");
        expect(beacon).toMatchObject({
          powerDbm: 21,
          spreadingFactor: sent.spreadingFactor,
          bandwidthHz: 125_000,
        });

        await agent.logged(/GPS has a fix/);
        forwarder.push([loraFrameOf(1, systemClock.now(), PERIOD_MS)]);
        await network.until(() => network.of("witness").length > 0);
        expect(network.of("witness")[0]).toMatchObject({
          rssiDbm: -101,
          snrDdb: -35,
          gnss: { fixMode: 3, satellitesUsed: 2, latE7: 473_667_000, lonE7: 85_500_000, altitudeM: 408 },
        });

        const page = await agent.pageAddress();
        const html = await (await fetch(page)).text();
        expect(html).toContain("✓ sent");
        expect(html).not.toContain("<script");
        const { hostname, port } = new URL(page);
        const asked = await runCommand(runtime, ["status", "--config", config], {
          EARSHOT_AGENT_PAGE_LISTEN: `${hostname}:${port}`,
        });
        expect(asked.stdout).toMatch(/^GPS +✓ ok +3D fix: 2 satellites used, 2 in view/m);

        const stopAtMs = systemClock.now();
        expect(await agent.end("SIGTERM")).toBe(0);
        expect(systemClock.now() - stopAtMs).toBeLessThan(3000);
        forwarder.close();
        // The will: the broker says that it is offline.
        await network.until(() => network.of("status").some(({ state }) => state === "offline"));
      },
      LIMIT_MS,
    );
  }

  test(
    "doctor looks at every device and the broker",
    async () => {
      const config = writeConfig({ broker: broker.port, gpsd: gpsd.port });
      await runCommand("Bun", ["id", "--config", config]);
      await network.publishEntropy(systemClock.now(), 60_000);
      await using doctor = new AgentProcess("Bun", config, ["doctor"]);
      const forwarder = new FakeForwarder(await doctor.radioPort());
      await forwarder.pull();
      const code = await doctor.exit();
      forwarder.close();
      expect(doctor.stdout).toMatch(/^Configuration +! attention +\[hotspot\].* the example's position/m);
      expect(doctor.stdout).toMatch(/^Key +✓ ok/m);
      expect(doctor.stdout).toMatch(/^Radio +✓ ok +packet forwarder 00800000a0001234 asks for work/m);
      expect(doctor.stdout).toMatch(/^GPS +✓ ok .* 0 m from the asserted position/m);
      expect(doctor.stdout).toMatch(/^Broker +✓ ok +logged in at mqtt:\/\/127/m);
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    "killed ten times at any moment, it loses no packet and uses no number twice",
    async () => {
      network.packets.length = 0;
      const config = writeConfig({ broker: broker.port, gpsd: gpsd.port });
      let frames = 0;
      for (let round = 0; round < 10; round++) {
        await using agent = new AgentProcess("Bun", config);
        const forwarder = new FakeForwarder(await agent.radioPort());
        await forwarder.pull();
        const before = network.packets.length;
        for (let i = 0; i < 8; i++) forwarder.push([loraFrameOf(++frames, systemClock.now())]);
        // Each time at another point of writing, publishing and acknowledging.
        await network.until(() => network.packets.length >= before + round);
        expect(await agent.end("SIGKILL")).toBe("SIGKILL");
        forwarder.close();
      }
      await using last = new AgentProcess("Bun", config);
      // The numbers kept for statuses are left out after each of ten kills, and no others.
      const isWhole = () => {
        const sequences = new Set(
          network.packets.map(({ packet }) => packet.sequence).filter((one) => one > 0),
        );
        return Math.max(...sequences) - sequences.size <= 10 * RESERVED_NUMBERS;
      };
      await last.logged(/Connected to the broker/);
      await network.until(isWhole);
      const page = await last.pageAddress();
      const queued = async () =>
        ((await (await fetch(`${page}status.json`)).json()) as AgentStatus).outbox.queued;
      while ((await queued()) > 0) await systemClock.sleep(20);
      const bytesOf = new Map<number, Set<string>>();
      for (const { packet, id } of network.packets) {
        if (packet.sequence === 0) continue;
        bytesOf.set(packet.sequence, (bytesOf.get(packet.sequence) ?? new Set()).add(id.toHex()));
      }
      expect([...bytesOf.values()].every(({ size }) => size === 1)).toBe(true);
      expect(await last.end("SIGTERM")).toBe(0);
      // Without a gateway nothing is forgotten: all that was ever durable is there, and was published.
      const published = new Set(network.packets.map(({ id }) => id.toHex()));
      const stored = storedIn(config);
      expect(stored.length).toBeGreaterThanOrEqual(5);
      expect(stored.filter((bytes) => !published.has(sha256(bytes).toHex()))).toEqual([]);
    },
    LIMIT_MS,
  );
});

function storedIn(config: string): Uint8Array[] {
  const database = new DatabaseSync(join(dirname(config), "state", "outbox.db"), { readOnly: true });
  try {
    return database
      .prepare("SELECT bytes FROM packet")
      .all()
      .map(({ bytes }) => bytes as Uint8Array);
  } finally {
    database.close();
  }
}

describe("the command line", () => {
  for (const runtime of ["Bun", "Deno"] satisfies Runtime[]) {
    test(`under ${runtime}: a bad configuration is exit code 2 and names key, value and what is allowed`, async () => {
      const config = writeConfig({ broker: 1883, gpsd: 2947 });
      const wrong = { EARSHOT_AGENT_HOTSPOT_REGION: "EU999" };
      const bad = await runCommand(runtime, ["id", "--config", config], wrong);
      expect(bad.code).toBe(2);
      expect(bad.stderr).toContain('hotspot.region is "EU999"; allowed is one of "EU868"');
      expect((await runCommand(runtime, ["id", "--config", config])).stdout).toMatch(/did:key:z6Mk/);
    });
  }

  for (const runtime of ["Bun", "Deno"] satisfies Runtime[]) {
    test(
      `under ${runtime}: the log without a terminal is JSON lines, of the agent's own hotspot`,
      async () => {
        const config = writeConfig({ broker: 1, gpsd: 1 });
        const environment = { EARSHOT_AGENT_LOG_FORMAT: "auto", EARSHOT_AGENT_LOG_LEVEL: "debug" };
        await using agent = new AgentProcess(runtime, config, [], environment);
        await agent.logged(/No session with the broker/);
        await agent.end("SIGTERM");
        const lines = agent.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        const started = lines.find(({ msg }) => msg === "Agent started");
        expect(started).toMatchObject({ level: "info", time: expect.stringMatching(/^\d{4}-.*Z$/) });
        expect(lines.find(({ msg }) => msg === "Could not open a session")).toMatchObject({
          ...{ level: "debug", component: "session", hotspot: started?.hotspot },
          err: { type: "Error", stack: expect.stringContaining("\n    at ") },
        });
        expect(lines.at(-1)?.msg).toBe("Agent stopped");
      },
      LIMIT_MS,
    );
  }

  for (const runtime of ["Bun", "Deno"] satisfies Runtime[]) {
    test(
      `under ${runtime}: systemd's journal gets text with its priorities, another file of the same service JSON`,
      async () => {
        const config = writeConfig({ broker: 1, gpsd: 1 });
        const log = join(dirname(config), "log");
        const begins = async (isJournal: boolean) => {
          const file = openSync(log, "w");
          const { dev, ino } = fstatSync(file);
          // As systemd sets it for what it starts: device and inode of the journal's stream.
          const JOURNAL_STREAM = isJournal ? `${dev}:${ino}` : "8:1";
          const agent = spawnAgent(runtime, config, { JOURNAL_STREAM }, file);
          closeSync(file);
          while (!readFileSync(log, "utf8").includes("No session with the broker")) {
            if (agent.exitCode !== null) throw new Error(`The agent ended: ${readFileSync(log, "utf8")}`);
            await setImmediate();
          }
          agent.kill("SIGTERM");
          await once(agent, "exit");
          return readFileSync(log, "utf8").split("\n");
        };
        expect((await begins(true))[0]).toMatch(/^<6>info page: The status page is there page="http/);
        expect(JSON.parse((await begins(false))[0] ?? "")).toMatchObject({ component: "page" });
      },
      LIMIT_MS,
    );
  }

  test("status without an agent is exit code 1 with a sentence", async () => {
    const config = writeConfig({ broker: 1883, gpsd: 2947 });
    const { code, stderr } = await runCommand("Bun", ["status", "--config", config], {
      EARSHOT_AGENT_PAGE_LISTEN: "127.0.0.1:9",
    });
    expect(code).toBe(1);
    expect(stderr).toContain("No agent answers at http://127.0.0.1:9/status.json");
  });
});
