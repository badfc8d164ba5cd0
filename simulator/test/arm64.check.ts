import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeBeaconFrame, publicKeyOf, shortId } from "@earshot/protocol";
import { systemClock } from "@earshot/protocol/runtime";
import { AnsweringForwarder } from "./support/answering-forwarder.ts";
import { Program, ROOT } from "./support/process.ts";
import { freePort, startGateway, writeAgentConfig } from "./support/services.ts";

/*
 * The agent as it is shipped for arm64 (`bun run build`), under qemu. Not part of `bun run test`: it needs the build,
 * `qemu-aarch64-static`, and a folder of arm64 libraries in EARSHOT_ARM64_LIBRARIES (`.ci/arm64-libraries FOLDER`).
 * Run with `bun test ./simulator/test/arm64.check.ts`.
 */
const LIMIT_MS = 120_000;
const libraries = process.env.EARSHOT_ARM64_LIBRARIES ?? "";
const folder = mkdtempSync(join(tmpdir(), "earshot-arm64-"));
const ports = { http: 0, mqtt: 0, udp: 0, page: 0 };
let gateway: Program;
let configFile = "";

const arm64 = (...args: string[]): Program =>
  new Program("qemu-aarch64-static", [
    "-L",
    libraries,
    join(ROOT, "dist", "earshot-agent-linux-arm64"),
    ...args,
  ]);

beforeAll(async () => {
  for (const name of ["http", "mqtt", "udp", "page"] as const) ports[name] = await freePort();
  mkdirSync(join(folder, "agent"), { mode: 0o700 });
  const started = await startGateway({ folder, httpPort: ports.http, mqttPort: ports.mqtt });
  gateway = started.program;
  const { mqtt: mqttPort, udp: udpPort, page: pagePort } = ports;
  configFile = writeAgentConfig({ folder, publicKey: started.publicKey, mqttPort, udpPort, pagePort });
});

afterAll(async () => {
  await gateway.end("SIGTERM");
  rmSync(folder, { recursive: true });
});

test(
  "id: the same key has the same name on arm64 as here",
  async () => {
    // Who makes the key says more.
    const made = arm64("id", "--config", configFile);
    expect(await made.ended()).toBe(0);
    const there = arm64("id", "--config", configFile);
    expect(await there.ended()).toBe(0);
    const here = new Program(process.execPath, ["agent/src/main.ts", "id", "--config", configFile]);
    expect(await here.ended()).toBe(0);
    expect(there.said).toBe(here.said);
    expect(there.said).toMatch(/z6Mk\w{44}/);
  },
  LIMIT_MS,
);

test(
  "doctor: finds forwarder and broker",
  async () => {
    await using _forwarder = await AnsweringForwarder.open(systemClock, ports.udp);
    const doctor = arm64("doctor", "--config", configFile);
    const code = await doctor.ended();
    console.log(doctor.said);
    expect(code).toBe(0);
  },
  LIMIT_MS,
);

test(
  "one beacon goes out over UDP, and it is this hotspot's",
  async () => {
    await using forwarder = await AnsweringForwarder.open(systemClock, ports.udp);
    const agent = arm64("--config", configFile);
    try {
      const [hotspot] = await agent.says(/z6Mk\w{44}/);
      const sent = await forwarder.transmission();
      const frame = decodeBeaconFrame(sent.bytes);
      console.log(`beacon of ${sent.bytes.length} bytes on ${sent.freqHz} Hz, SF${sent.spreadingFactor}`);
      expect(frame?.shortId).toEqual(shortId(publicKeyOf(hotspot) as Uint8Array));
      expect(await agent.end("SIGTERM")).toBe(0);
    } finally {
      await agent.end("SIGKILL");
    }
  },
  LIMIT_MS,
);
