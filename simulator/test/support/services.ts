import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Program } from "./process.ts";

export const hasMosquitto = spawnSync("mosquitto", ["-h"]).error === undefined;

/** A TCP port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Minutes last half a second. */
const PARAMETERS = `
[parameters]
entropy_period_ms = 500
entropy_validity_ms = 3000
window_periods = 4
epoch_periods = 8
report_deadline_ms = 3000
`;

export interface GatewaySettings {
  folder: string;
  httpPort: number;
  mqttPort: number;
  /** A client of that broker instead of one of its own. */
  brokerUrl?: string;
}

/** Starts `bun run gateway` and waits until it serves; gives its network key. */
export async function startGateway(
  settings: GatewaySettings,
): Promise<{ program: Program; publicKey: string }> {
  const url = settings.brokerUrl === undefined ? "" : `url = "${settings.brokerUrl}"`;
  // A broker by URL is one that others may reach.
  const policy = settings.brokerUrl === undefined ? "" : "[registration]\nopen_to_network = true";
  const file = join(settings.folder, "gateway.toml");
  writeFileSync(
    file,
    `state_dir = "${join(settings.folder, "gateway")}"
[http]
port = ${settings.httpPort}
[broker]
port = ${settings.mqttPort}
${url}
${policy}
${PARAMETERS}`,
  );
  const program = new Program(process.execPath, ["gateway/src/main.ts", "--config", file]);
  const [, publicKey] = await program.says(/public key (z6Mk\w+)/);
  return { program, publicKey: publicKey as string };
}

export interface AgentSettings {
  folder: string;
  mqttPort: number;
  publicKey: string;
  udpPort: number;
  pagePort: number;
  /** Lines below `[gps]`. */
  gps?: string;
  readingPeriodS?: number;
  /** Tables [[sensors]]. */
  sensors?: string;
}

/** Writes the configuration of an agent in the network `demo`; returns its path. */
export function writeAgentConfig(settings: AgentSettings): string {
  const file = join(settings.folder, "agent.toml");
  writeFileSync(
    file,
    `state_dir = "${join(settings.folder, "agent")}"
[network]
name = "demo"
public_key = "${settings.publicKey}"
[broker]
url = "mqtt://127.0.0.1:${settings.mqttPort}"
[hotspot]
latitude = 39.7392
longitude = -104.9903
elevation_m = 12
antenna_gain_dbi = 3
region = "US915"
[lora]
type = "semtech-udp"
listen = "127.0.0.1:${settings.udpPort}"
[gps]
${settings.gps ?? 'type = "none"'}
[page]
listen = "127.0.0.1:${settings.pagePort}"
[reports]
status_period_s = 1
reading_period_s = ${settings.readingPeriodS ?? 10}
${settings.sensors ?? ""}`,
  );
  return file;
}

export const startAgent = (configFile: string): Program =>
  new Program(process.execPath, ["agent/src/main.ts", "--config", configFile]);

/** A broker that keeps nothing on disk: what it acknowledged is gone when it is killed. */
export async function startMosquitto(folder: string, port: number): Promise<Program> {
  const file = join(folder, "mosquitto.conf");
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const program = new Program("mosquitto", ["-c", file]);
  await program.says(/mosquitto version .* running/);
  return program;
}
