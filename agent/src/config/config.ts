import type { SocketAddress } from "@earshot/drivers";
import type { LogLevel } from "@earshot/protocol";
import type { AgentConfig } from "./agent-config.ts";

/** How to reach the radio. */
export type LoraConfig = { type: "semtech-udp"; listen: SocketAddress };

/** How to reach the GPS. */
export type GpsConfig =
  | { type: "nmea"; device: string; baud: number }
  | { type: "gpsd"; host: string; port: number }
  | { type: "none" };

/** One agent's whole configuration, checked; paths are absolute or relative to the working folder. */
export interface Config {
  core: AgentConfig;
  stateDir: string;
  keyFile: string;
  broker: { url: string; caFile?: string; certFile?: string; keyFile?: string };
  lora: LoraConfig;
  gps: GpsConfig;
  /** Absent when the page is off. */
  page?: { listen: SocketAddress };
  outbox: { maxBytes: number; maxAgeMs: number };
  logLevel: LogLevel;
}
