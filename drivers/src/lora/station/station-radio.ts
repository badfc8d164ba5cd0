import type { Clock, Log, RegionId } from "@earshot/protocol/hotspot";
import type { SocketAddress } from "../../driver.ts";
import type { LoraRadio } from "../lora-reading.ts";
import type { StationTrouble } from "./station-connection.ts";
import type { BasicsStationCounts } from "./station-counters.ts";

export interface BasicsStationOptions {
  /** Whose channels, data rates and limits all stations get. */
  region: RegionId;
  /** Values accepted after `Authorization:` (with or without "Bearer "). Everybody may connect when absent. */
  tokens?: readonly string[];
  /**
   * Conducted power of every transmission, dBm: Station cannot set it for a single one. The region's limit for an
   * antenna of 0 dBi unless given.
   */
  powerDbm?: number;
  /** How stations reach this server, such as "wss://lns.example:443"; taken from their `Host` header unless given. */
  baseUri?: string;
  /**
   * UTC from a GPS receiver, ms since the Unix epoch, within 0.4 s; `undefined` while unknown. Without it no station
   * gets GPS time: an answer from this machine's own clock would pass its error off as the satellites' time.
   */
  gpsTimeMs?: () => number | undefined;
  clock: Clock;
  log?: Log;
  /** Readings queued for a slow consumer; beyond it the oldest is dropped. 1024 unless given. */
  capacity?: number;
  /** Stations served at once. 16 unless given. */
  maxStations?: number;
}

/** What is known of one station, for a status page. */
export interface StationState {
  gatewayEui: string;
  /** Its last message, by the monotonic clock. */
  lastSeenElapsedMs: number;
  /** The address that its connection comes from. */
  host?: string;
  isConnected: boolean;
  /** How often its connection ended in the last hour. */
  lostInHour: number;
  /** True while it is connected and configured. */
  canTransmit: boolean;
  version?: string;
  model?: string;
  /** Where the stations come from, when several have this EUI. */
  sharedBy?: string[];
}

/** Who was turned away last, and when by the monotonic clock. */
export interface StationRefusal {
  trouble: StationTrouble;
  /** Address it came from; "" where that is not known. */
  host: string;
  elapsedMs: number;
}

/** The network server that stations connect to, as a radio. */
export interface BasicsStationRadio extends LoraRadio {
  readonly local: SocketAddress;
  /** What every transmission goes out with, dBm conducted. */
  readonly powerDbm: number;
  counts(): Readonly<BasicsStationCounts>;
  stations(): StationState[];
  lastRefusal(): StationRefusal | undefined;
  /** Why the certificate that is on disk now is not used; the one before it is. */
  certificateProblem(): string | undefined;
}
