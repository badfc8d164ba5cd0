/**
 * How much of one core an agent needs that has everything attached which a hotspot can have:
 * `bun agent/bench/idle.ts [seconds] [Bun|Deno] [radio…]`. The agent is a process of its own; broker, ports and sockets
 * are real, and everything speaks at the rate of the real device. A hotspot has one radio, so each kind has its run.
 *
 * Processor time is counted, not time passed, so that other programs on this machine change it little. What it writes and
 * how soon it reports a beacon is measured apart, in `delivery.ts`.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentStatus, DeviceFacts } from "../src/board/agent-status.ts";
import { hasTool, startMosquitto } from "../src/testing/mqtt-brokers.ts";
import { temporaryFolder } from "../src/testing/temporary-folder.ts";
import { AgentProcess, type Runtime } from "../test/agent-process.ts";
import { FakeNetwork } from "../test/fake-network.ts";
import { NETWORK, networkSigner } from "../test/harness.ts";
import { type BenchDevice, benchDevices, PluggedDevices } from "./bench-devices.ts";
import {
  type BenchRadio,
  basicsStation,
  CITY_FRAMES_PER_S,
  serialModem,
  USUAL_FRAMES_PER_S,
  udpForwarder,
} from "./bench-radios.ts";
import { deliveryText, isTooSlow, measureDelivery } from "./delivery.ts";
import { processUse } from "./process-use.ts";

/** Of a hotspot that idles; one in a city, with ten times the frames, is shown beside it. */
const MOST_PERCENT = 2;
/** Starting is no idling: for half a minute the runtime compiles what it runs most. */
const SETTLE_MS = 30_000;
/** A slice shorter than this is shown, and fails nothing. */
const LEAST_S = 30;
const PERIOD_MS = 60_000;

interface Measured {
  radio: string;
  framesPerS: number;
  percent: number;
  rssMiB: number;
  writtenMbADay: number;
  status: AgentStatus;
}

const RADIOS: Readonly<Record<string, (framesPerS: number) => BenchRadio | Promise<BenchRadio>>> = {
  "semtech-udp": udpForwarder,
  "basics-station": basicsStation,
  rak3172: serialModem,
};

const [, , secondsText = "60", runtimeText = "Bun", ...asked] = process.argv;
const seconds = Number(secondsText);
const radios = (asked.length === 0 ? Object.keys(RADIOS) : asked).map((name) => RADIOS[name]);
if (!(seconds > 0) || !["Bun", "Deno"].includes(runtimeText) || radios.includes(undefined)) {
  const usage = `[seconds, more than 0] [Bun|Deno] [${Object.keys(RADIOS).join("|")}]…`;
  console.error(`Usage: bun agent/bench/idle.ts ${usage}`);
  process.exit(2);
}
const runtime = runtimeText as Runtime;
if (!hasTool("socat") || !hasTool("mosquitto")) {
  console.log("Skipped: it needs socat and mosquitto (apt-get install socat mosquitto)");
  process.exit();
}

const all: Measured[] = [];
for (const make of radios.filter((one) => one !== undefined)) {
  // One channel with one spreading factor has no room for a city.
  for (const framesPerS of make === serialModem
    ? [USUAL_FRAMES_PER_S]
    : [USUAL_FRAMES_PER_S, CITY_FRAMES_PER_S]) {
    await using radio = await make(framesPerS);
    all.push({ framesPerS, ...(await measure(radio)) });
  }
}
print(all);
const isOver = all.some(
  ({ framesPerS, percent }) => framesPerS === USUAL_FRAMES_PER_S && percent >= MOST_PERCENT,
);
console.log(
  `\n${isOver ? "Not under" : "Under"} ${MOST_PERCENT} % of one core with ${USUAL_FRAMES_PER_S} frame a second`,
);
const delivery = await measureDelivery(runtime, seconds);
console.log(`\n${deliveryText(delivery)}`);
process.exit((isOver || isTooSlow(delivery)) && seconds >= LEAST_S ? 1 : 0);

async function measure(radio: BenchRadio): Promise<Omit<Measured, "framesPerS">> {
  const { gps, sensors } = benchDevices();
  await using plugged = await PluggedDevices.plug([gps, ...sensors]);
  const broker = await startMosquitto(() => ["allow_anonymous true"]);
  const network = await FakeNetwork.connect(broker.port);
  network.confirm();
  const config = configFile(radio, gps, sensors, plugged.ports, broker.port);
  const agent = new AgentProcess(runtime, config);
  try {
    const name = await agent.logged(/Opened radio.*name="?([^"\n]*)"?/);
    await radio.start(name[1] ?? "");
    const page = await agent.pageAddress();
    await network.publishEntropy(Date.now(), PERIOD_MS);
    await Bun.sleep(SETTLE_MS);
    const before = processUse(agent.pid);
    const startMs = performance.now();
    await Bun.sleep(seconds * 1000);
    const after = processUse(agent.pid);
    const passedS = (performance.now() - startMs) / 1000;
    const status: AgentStatus = await (await fetch(`${page}status.json`)).json();
    const percent = (100 * (after.cpuS - before.cpuS)) / passedS;
    const writtenMbADay = ((after.writtenKiB - before.writtenKiB) * 1024 * 86_400) / passedS / 1e6;
    return { radio: radio.type, percent, rssMiB: after.rssMiB, writtenMbADay, status };
  } finally {
    await agent.end("SIGTERM");
    await network.close();
    await broker.stop();
  }
}

function configFile(
  radio: BenchRadio,
  gps: BenchDevice,
  sensors: readonly BenchDevice[],
  ports: ReadonlyMap<string, string>,
  brokerPort: number,
): string {
  const serial = ({ name, type, baud, more = "" }: BenchDevice) =>
    `type = "${type}"\ndevice = "${ports.get(name)}"\nbaud = ${baud}\n${more}\n`;
  const tables = sensors.map((sensor) => `[[sensors]]\nname = "${sensor.name}"\n${serial(sensor)}`);
  const file = join(temporaryFolder(), "agent.toml");
  writeFileSync(
    file,
    `state_dir = "state"
[network]
name = "${NETWORK}"
public_key = "${networkSigner.publicKey.toHex()}"
[broker]
url = "mqtt://127.0.0.1:${brokerPort}"
[hotspot]
latitude = 47.3667
longitude = 8.55
elevation_m = 12
antenna_gain_dbi = 3
region = "EU868"
[lora]
${radio.config}
[gps]
${serial(gps)}
[page]
listen = "127.0.0.1:0"
[reports]
reading_period_s = 60
${tables.join("")}`,
  );
  return file;
}

function print(measured: readonly Measured[]): void {
  console.log(`The agent under ${runtime} with everything attached, ${seconds} s each:\n`);
  for (const { radio, framesPerS, percent, rssMiB, writtenMbADay } of measured) {
    const rate = `${String(framesPerS).padStart(2)} frames/s`;
    const use = `${percent.toFixed(2).padStart(6)} % of one core  ${rssMiB.toFixed(0).padStart(4)} MiB`;
    console.log(
      `  ${radio.padEnd(15)} ${rate} ${use}  ${writtenMbADay.toFixed(0).padStart(4)} MB written a day`,
    );
  }
  console.log("\nReadings a second and damaged frames of each device:\n");
  for (const { radio, status } of measured) {
    console.log(`  ${devicesOf(radio, status).map(deviceText).join(", ")}`);
  }
}

function devicesOf(
  type: string,
  { radio, gps, sensors, machine }: AgentStatus,
): { name: string; facts: DeviceFacts }[] {
  return [
    { name: type, facts: radio },
    ...(gps === undefined ? [] : [{ name: "gps", facts: gps }]),
    ...sensors.map((sensor) => ({ name: sensor.source, facts: sensor })),
    ...(machine === undefined ? [] : [{ name: "machine", facts: machine }]),
  ];
}

function deviceText({ name, facts }: { name: string; facts: DeviceFacts }): string {
  const { readings, readingsPerS = 0, badFrames = 0, state } = facts;
  if (readings === 0)
    throw new Error(`${name} was not heard (${state}: ${facts.reason ?? ""}): nothing is measured`);
  return `${name} ${readingsPerS.toFixed(1)}${badFrames === 0 ? "" : ` (${badFrames} damaged)`}`;
}
