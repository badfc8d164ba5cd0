import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RESERVED_NUMBERS } from "@earshot/agent";
import { systemClock } from "@earshot/protocol/runtime";
import { seededRandom } from "@earshot/protocol/virtual-time";
import type { Program } from "./support/process.ts";
import {
  freePort,
  hasMosquitto,
  startAgent,
  startGateway,
  startMosquitto,
  writeAgentConfig,
} from "./support/services.ts";
import { sendTraffic } from "./support/traffic.ts";

/*
 * `kill -9` of the gateway, of an outside broker that keeps nothing, or of the agent, ten times each in the middle of
 * traffic. Afterwards the gateway must hold every sequence number that the agent ever gave: one run from 1 on. Where the
 * agent is killed, the few numbers that it keeps for statuses are left out each time, and no others.
 */
const KILLS = 10;
/**
 * The kills are spread over networks that run at the same time: an agent whose sessions keep ending waits longer and
 * longer before the next one, as it should, and ten in a row would take minutes.
 */
const KILLS_OF_NETWORK = [3, 3, 2, 2];
/** A guard, not a measure: the slowest takes about a third of it on a busy machine. */
const LIMIT_MS = 90_000;

const running = new Set<Program>();
const folders: string[] = [];
afterAll(async () => {
  await Promise.all([...running].map((program) => program.end("SIGKILL")));
  for (const folder of folders) rmSync(folder, { recursive: true });
});

interface Range {
  first: number;
  last: number;
}

type Victim = "gateway" | "agent" | "broker";

/** Gateway, agent and, for the broker's turn, mosquitto between them. */
class Setup {
  readonly folder = mkdtempSync(join(tmpdir(), "earshot-kill-"));
  readonly victim: Victim;
  ports = { http: 0, mqtt: 0, udp: 0, page: 0 };
  programs = new Map<Victim, Program>();
  hotspot = "";
  #configFile = "";

  constructor(victim: Victim) {
    this.victim = victim;
    folders.push(this.folder);
    mkdirSync(join(this.folder, "agent"), { mode: 0o700 });
  }

  async start(): Promise<void> {
    for (const name of ["http", "mqtt", "udp", "page"] as const) this.ports[name] = await freePort();
    if (this.victim === "broker") await this.#run("broker");
    const publicKey = await this.#startGateway();
    const { mqtt: mqttPort, udp: udpPort, page: pagePort } = this.ports;
    this.#configFile = writeAgentConfig({ folder: this.folder, publicKey, mqttPort, udpPort, pagePort });
    await this.#run("agent");
    const agent = this.programs.get("agent") as Program;
    [this.hotspot] = await agent.says(/z6Mk\w{44}/);
  }

  async restart(what: Victim, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    await this.#stop(what, signal);
    await this.#run(what);
  }

  async #stop(what: Victim, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const program = this.programs.get(what) as Program;
    await program.end(signal);
    running.delete(program);
  }

  async end(): Promise<void> {
    for (const what of this.programs.keys()) await this.#stop(what, "SIGTERM");
  }

  async #startGateway(): Promise<string> {
    const brokerUrl = this.victim === "broker" ? { brokerUrl: `mqtt://127.0.0.1:${this.ports.mqtt}` } : {};
    const { http: httpPort, mqtt: mqttPort } = this.ports;
    const { program, publicKey } = await startGateway({
      folder: this.folder,
      httpPort,
      mqttPort,
      ...brokerUrl,
    });
    this.#keep("gateway", program);
    return publicKey;
  }

  async #run(what: Victim): Promise<void> {
    if (what === "gateway") await this.#startGateway();
    else if (what === "agent") this.#keep("agent", startAgent(this.#configFile));
    else this.#keep("broker", await startMosquitto(this.folder, this.ports.mqtt));
  }

  #keep(what: Victim, program: Program): void {
    this.programs.set(what, program);
    running.add(program);
  }

  /** The highest number that the outbox has given. Its database can be read only while the agent is stopped. */
  async highestSequence(): Promise<number> {
    await this.#stop("agent", "SIGTERM");
    try {
      return this.#readHighest();
    } finally {
      await this.#run("agent");
    }
  }

  #readHighest(): number {
    const database = new Database(join(this.folder, "agent", "outbox.db"), { readonly: true });
    try {
      const row = database.query("SELECT value FROM fact WHERE key = 'next-sequence'").get();
      return Number((row as { value: string }).value) - 1;
    } finally {
      database.close();
    }
  }

  async storedRanges(): Promise<Range[]> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.ports.http}/api/v1/hotspots/${this.hotspot}`);
      if (!response.ok) return [];
      const detail = (await response.json()) as { sequence: { ranges: Range[] } };
      return detail.sequence.ranges;
    } catch {
      return [];
    }
  }

  /** Waits until the gateway holds a number above all that it held when this was called. */
  async storesMore(): Promise<void> {
    const highest = async () => (await this.storedRanges()).at(-1)?.last ?? 0;
    const before = await highest();
    const deadlineMs = systemClock.now() + LIMIT_MS / 3;
    while ((await highest()) <= before) {
      if (systemClock.now() > deadlineMs) throw new Error(`Nothing new was stored after number ${before}`);
      await systemClock.sleep(50);
    }
  }

  /** Waits until the gateway holds at least so many numbers, all but those that `kills` of the agent left out. */
  async holdsAll(atLeast: number, deadlineMs: number, kills = 0): Promise<Range[]> {
    for (;;) {
      const ranges = await this.storedRanges();
      const isWhole = (ranges.at(-1)?.last ?? 0) >= atLeast && isWholeBut(ranges, kills);
      if (isWhole || systemClock.now() > deadlineMs) return ranges;
      await systemClock.sleep(100);
    }
  }
}

/** Those that wait for their receipts are in memory only: hardly more than these in the short periods here. */
const STATUSES_UNDER_WAY = 4;

/**
 * From 1 on, but for numbers of statuses: those kept for them, and those that were not at the gateway yet, at each of
 * the agent's kills. Two kills may follow each other closely.
 */
function isWholeBut(ranges: readonly Range[], kills: number): boolean {
  const stored = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const missing = (ranges.at(-1)?.last ?? 0) - stored;
  return ranges[0]?.first === 1 && missing <= kills * (RESERVED_NUMBERS + STATUSES_UNDER_WAY);
}

async function survives(victim: Victim, seed: number): Promise<void> {
  expect(KILLS_OF_NETWORK.reduce((sum, kills) => sum + kills, 0)).toBe(KILLS);
  await Promise.all(KILLS_OF_NETWORK.map((kills, index) => survivesKills(victim, kills, 10 * seed + index)));
}

async function survivesKills(victim: Victim, kills: number, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const setup = new Setup(victim);
  await setup.start();
  const stop = new AbortController();
  const { udp: udpPort } = setup.ports;
  const traffic = sendTraffic(
    { clock: systemClock, random, udpPort, periodMs: 30, entropyPeriodMs: 500 },
    stop.signal,
  );
  // Something must have arrived before anything can be lost.
  await setup.holdsAll(10, systemClock.now() + LIMIT_MS / 3);
  for (let kill = 0; kill < kills; kill++) {
    await setup.storesMore();
    await systemClock.sleep(400 * random());
    await setup.restart(victim, "SIGKILL");
  }
  await setup.storesMore();
  stop.abort();
  await traffic;
  const given = await setup.highestSequence();
  const gaps = victim === "agent" ? kills : 0;
  const ranges = await setup.holdsAll(given, systemClock.now() + LIMIT_MS / 2, gaps);
  console.log(
    `${victim} killed ${kills} times: ${given} sequence numbers given, stored ${JSON.stringify(ranges)}`,
  );
  expect(given).toBeGreaterThan(10);
  expect(isWholeBut(ranges, gaps)).toBe(true);
  expect(ranges.at(-1)?.last).toBeGreaterThanOrEqual(given);
  await setup.end();
}

test("kill -9 of the gateway loses no sequence number", () => survives("gateway", 1), LIMIT_MS);
test("kill -9 of the agent loses no packet and uses no number twice", () => survives("agent", 2), LIMIT_MS);
test.skipIf(!hasMosquitto && process.env.EARSHOT_REQUIRE_TOOLS !== "1")(
  "kill -9 of a broker that keeps nothing loses no sequence number",
  () => survives("broker", 3),
  LIMIT_MS,
);
