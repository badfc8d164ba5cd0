import { afterAll, expect, test } from "bun:test";
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@earshot/protocol/runtime";
import type { Program } from "./support/process.ts";
import { freePort, startAgent, startGateway, writeAgentConfig } from "./support/services.ts";

/* A sensor at a serial port, the agent and the gateway as users start them: what it says, and how far it is believed. */

const skip = spawnSync("socat", ["-V"]).error !== undefined && process.env.EARSHOT_REQUIRE_TOOLS !== "1";
/** A guard, not a measure: it takes about a tenth of it. */
const LIMIT_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), "earshot-readings-"));
const programs: Program[] = [];
let socat: ChildProcessWithoutNullStreams | undefined;
afterAll(async () => {
  socat?.kill();
  await Promise.all(programs.map((program) => program.end("SIGKILL")));
  rmSync(folder, { recursive: true, force: true });
});

/** A pseudo-terminal; what is written to the answer comes out of it. */
async function plugSensor(path: string): Promise<NodeJS.WritableStream> {
  socat = spawn("socat", ["-d", "-d", `pty,raw,echo=0,link=${path}`, "STDIO"]);
  let said = "";
  for await (const text of socat.stderr) {
    said += text;
    if (said.includes("starting data transfer loop")) return socat.stdin;
  }
  throw new Error(`socat made no terminal: ${said}`);
}

interface Source {
  source: string;
  score: number;
  quantities: { name: string; mean: number; quality: { faults: { code: string; sentence: string }[] } }[];
}

interface Series {
  quantities: { name: string; points: { min: number; mean: number; max: number; count: number }[] }[];
}

/** What does not depend on how busy this machine is. */
const wrongValues = ({ quality }: Source["quantities"][number]) =>
  quality.faults.filter(({ code }) => code !== "unavailable");

class Api {
  readonly #base: string;

  constructor(port: number, hotspot: string) {
    this.#base = `http://127.0.0.1:${port}/api/v1/hotspots/${hotspot}/readings`;
  }

  async sources(): Promise<Source[]> {
    const response = await fetch(this.#base);
    return response.ok ? ((await response.json()) as { sources: Source[] }).sources : [];
  }

  async series(source: string): Promise<Series> {
    return (await (await fetch(`${this.#base}/${source}`)).json()) as Series;
  }
}

test.skipIf(skip)(
  "a JSON-lines sensor on a serial port is stored, shown and scored, and so is the machine",
  async () => {
    mkdirSync(join(folder, "agent"), { mode: 0o700 });
    const device = join(folder, "sensor");
    const sensor = await plugSensor(device);
    const [httpPort, mqttPort, udpPort, pagePort] = await Promise.all([1, 2, 3, 4].map(freePort));
    if (!(httpPort && mqttPort && udpPort && pagePort)) throw new Error("no ports");
    const { program, publicKey } = await startGateway({ folder, httpPort, mqttPort });
    programs.push(program);
    const sensors = `[[sensors]]\nname = "roof"\ntype = "json-lines"\ndevice = "${device}"\n`;
    const more = { readingPeriodS: 1, sensors };
    const agent = startAgent(writeAgentConfig({ folder, mqttPort, publicKey, udpPort, pagePort, ...more }));
    programs.push(agent);
    const [hotspot] = await agent.says(/z6Mk\w{44}/);
    const api = new Api(httpPort, hotspot);

    const good =
      '{"temperature_c": 21.5, "humidity_percent": 40}\n{"temperature_c": 22.5, "humidity_percent": 41}\n';
    const sound = await until(sensor, good, async () => {
      const found = await api.sources();
      return found.map(({ source }) => source).join() === "machine,roof" ? found : undefined;
    });
    expect(sound[0]?.quantities.map(({ name }) => name)).toContain("load_1min");
    expect(sound[1]?.quantities.flatMap(wrongValues)).toEqual([]);
    const roof = await api.series("roof");
    expect(roof.quantities.map(({ name }) => name)).toEqual(["temperature_c", "humidity_percent"]);
    const first = roof.quantities[0]?.points.find(({ count }) => count > 1);
    expect(first).toMatchObject({ min: 21.5, max: 22.5 });
    expect(first?.mean).toBeWithin(21.5, 22.5);

    const broken = await until(sensor, '{"temperature_c": 85, "humidity_percent": 41}\n', async () => {
      const found = (await api.sources()).find(({ source }) => source === "roof");
      const faults = found?.quantities[0]?.quality.faults ?? [];
      const codes = faults.map(({ code }) => code);
      return codes.includes("out_of_bounds") && codes.includes("jump") ? found : undefined;
    });
    expect(broken.score).toBeLessThan(1000);
    expect(broken.quantities.slice(1).flatMap(wrongValues)).toEqual([]);
    const sentences = broken.quantities[0]?.quality.faults.map(({ sentence }) => sentence).join("\n");
    expect(sentences).toContain("not within −60 to 60 °C: the sensor or its wiring may be at fault");
    expect(sentences).toContain("by more than 20 °C");
    expect(await agent.end("SIGTERM")).toBe(0);
    expect(await program.end("SIGTERM")).toBe(0);
  },
  LIMIT_MS,
);

/** The sensor says this again and again until something is found. */
async function until<T>(
  sensor: NodeJS.WritableStream,
  line: string,
  find: () => Promise<T | undefined>,
): Promise<T> {
  for (;;) {
    sensor.write(line);
    const found = await find();
    if (found !== undefined) return found;
    await systemClock.sleep(100);
  }
}
