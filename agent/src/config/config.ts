import type {
  RadioSettings,
  ReceiverSettings,
  SensorSettings,
  SerialAddress,
  SocketAddress,
} from "@earshot/drivers";
import type { LogSettings } from "@earshot/protocol/runtime";
import type { AgentConfig } from "../core/agent-config.ts";
import type { PageOptions } from "../page/serve.ts";
import type { MqttPublisherOptions } from "../publisher/mqtt-publisher.ts";

/** How to reach the radio. */
export type LoraConfig = RadioSettings;

/** How to reach the GPS. */
export type GpsConfig = ReceiverSettings | { type: "none" };

/** One device that measures something, and how to reach it. */
export type SensorConfig = SensorSettings & {
  /** Source of its reading packets, unique on this hotspot. */
  name: string;
  link: SerialAddress | SocketAddress;
  /** A device that says nothing for so long is opened anew. */
  silenceLimitMs: number;
};

/** One agent's whole configuration, checked; paths are absolute or relative to the working folder. */
export interface Config {
  core: AgentConfig;
  stateDir: string;
  keyFile: string;
  broker: MqttPublisherOptions;
  /** Whether the drand signature of each entropy value is checked. */
  checkEntropy: boolean;
  lora: LoraConfig;
  gps: GpsConfig;
  sensors: SensorConfig[];
  machine: { health: boolean };
  /** Absent when the page is off. */
  page?: PageOptions;
  outbox: { maxBytes: number; maxAgeMs: number };
  log: LogSettings;
}
