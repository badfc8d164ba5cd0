import type { MeterMapName, SocketAddress } from "@earshot/drivers";
import type { RegionId } from "@earshot/protocol/hotspot";
import type { LogSettings } from "@earshot/protocol/runtime";
import type { PageOptions } from "../page/serve.ts";
import type { MqttPublisherOptions } from "../publisher/mqtt-publisher.ts";
import type { AgentConfig } from "./agent-config.ts";

/** A serial port and its speed. */
export interface SerialConfig {
  device: string;
  baud: number;
}

/** The one channel that a modem listens on. */
export interface ChannelConfig {
  freqHz: number;
  spreadingFactor: number;
  bandwidthHz: number;
}

type ModemConfig = SerialConfig & ChannelConfig;

/** How to reach the radio. */
export type LoraConfig =
  /** `region`: frames outside its channels are counted. */
  | { type: "semtech-udp"; listen: SocketAddress; region: RegionId }
  | {
      type: "basics-station";
      listen: SocketAddress;
      region: RegionId;
      /** Conducted. A station uses one power for all it sends. */
      powerDbm: number;
      token?: string;
      /** Paths of PEM files; both or neither. */
      tls?: { certFile: string; keyFile: string; clientCaFile?: string };
    }
  | ({ type: "rak3172" | "rn2483"; maxPowerDbm: number } & ModemConfig)
  | ({ type: "rylr998"; maxPowerDbm: number; networkId: number; address: number } & ModemConfig);

/** How to reach the GPS. */
export type GpsConfig =
  | ({ type: "nmea" } & SerialConfig)
  /** `configure`: rate, static mode and messages are set in the receiver's RAM each time it is opened. */
  | ({ type: "ubx"; configure: boolean; rateHz: number } & SerialConfig)
  | { type: "gpsd"; host: string; port: number }
  | { type: "none" };

interface SensorBase {
  /** Source of its reading packets, unique on this hotspot. */
  name: string;
  link: SerialConfig | SocketAddress;
  /** A device that says nothing for so long is opened anew. */
  silenceLimitMs: number;
}

/** One device that measures something, and how to reach it. */
export type SensorConfig = SensorBase &
  (
    | { type: "modbus"; unit: number; map: MeterMapName; periodMs: number }
    | { type: "pms5003" | "sds011" | "sps30" | "nmea-weather" | "json-lines" | "rtcm3" }
  );

/** One agent's whole configuration, checked; paths are absolute or relative to the working folder. */
export interface Config {
  core: AgentConfig;
  stateDir: string;
  keyFile: string;
  broker: MqttPublisherOptions;
  lora: LoraConfig;
  gps: GpsConfig;
  sensors: SensorConfig[];
  machine: { health: boolean };
  /** Absent when the page is off. */
  page?: PageOptions;
  outbox: { maxBytes: number; maxAgeMs: number };
  log: LogSettings;
}
