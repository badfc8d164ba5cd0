import { type Clock, type Log, REGIONS, type RegionId } from "@earshot/protocol";
import type { SocketAddress } from "../../driver.ts";
import type { LoraRadio } from "../reading.ts";
import type { StationListener } from "./station-connection.ts";
import type { BasicsStationCounts } from "./station-counters.ts";
import { BasicsStationServer } from "./station-server.ts";
import { type ListenWebSocketOptions, listenWebSocket } from "./websocket-listener.ts";

export interface BasicsStationOptions {
  /** Whose channels, data rates and limits all stations get. */
  region: RegionId;
  /** Values accepted after `Authorization:` (with or without "Bearer "). Everybody may connect when absent. */
  tokens?: readonly string[];
  /**
   * Conducted power of every transmission, dBm: Station takes no other from a single one. The region's limit for an
   * antenna of 0 dBi unless given.
   */
  powerDbm?: number;
  /** How stations reach this server, such as "wss://lns.example:443"; their `Host` header tells unless given. */
  baseUri?: string;
  /**
   * UTC from a GPS receiver, ms since the Unix epoch, within 0.4 s; `undefined` while unknown. Without it no station
   * gets GPS time: an answer from this machine's own clock would pass its error off as the satellites' time.
   */
  gpsTimeMs?: () => number | undefined;
  clock: Clock;
  log?: Log;
  /** Readings held for a slow consumer; beyond it the oldest is dropped. 1024 unless given. */
  capacity?: number;
  /** Stations served at once. 16 unless given. */
  maxStations?: number;
}

/** What is known of one station, for a status page. */
export interface StationState {
  gatewayEui: string;
  /** Host time of its last message, ms since the Unix epoch. */
  lastSeenMs: number;
  isConnected: boolean;
  /** True while it is connected and configured. */
  canTransmit: boolean;
  version?: string;
  model?: string;
}

/** The network server that stations connect to, as a radio. */
export interface BasicsStationRadio extends LoraRadio {
  readonly local: SocketAddress;
  /** What every transmission goes out with, dBm conducted. */
  readonly powerDbm: number;
  counts(): Readonly<BasicsStationCounts>;
  stations(): StationState[];
}

/**
 * Serves stations that speak LoRa Basics Station's LNS protocol, version 2, on `listener`, and closes it with itself.
 *
 * - Frames come out as they were on air, put together again from what the station took apart. `tmstUs` counts on
 *   only while the station stays connected; `codingRate` is not told.
 * - A `RadioStatus` comes every 30 s from each connected station, and when its position changes.
 * - `transmit()` sends at once (class C) and waits up to 5 s for `dntxed` (`NO_ACK`: also when the station found no
 *   room under its duty cycle, and when it disconnected meanwhile). `NO_FORWARDER`: no station is connected.
 *   `TX_POWER`: less power was asked for than the station would use. It rejects with RangeError for a frequency or data
 *   rate that the region does not have.
 * - **Station 2.0.6 inverts the polarity of all it sends** (basicstation issue 26), as LoRaWAN does towards devices:
 *   other concentrators do not hear it. A hotspot on Station hears beacons; its own reach no other hotspot.
 */
export function openBasicsStation(
  options: BasicsStationOptions & { listener: StationListener },
): BasicsStationRadio {
  return new BasicsStationServer({ ...options, powerDbm: checkedPowerDbm(options.region, options.powerDbm) });
}

/**
 * Listens for stations, over TLS when `tls` is given. Without tokens or client certificates anybody who reaches the
 * port can speak as any station: bind a loopback address then.
 *
 * @throws {LinkLostError} when the address cannot be bound, or certificate or key cannot be read.
 */
export async function listenBasicsStation(
  options: BasicsStationOptions & ListenWebSocketOptions,
): Promise<BasicsStationRadio> {
  const { host, port, tls, ...rest } = options;
  const powerDbm = checkedPowerDbm(options.region, options.powerDbm);
  return openBasicsStation({ ...rest, powerDbm, listener: await listenWebSocket({ host, port, tls }) });
}

/** Whole dBm within the region's limits. @throws {RangeError} otherwise */
function checkedPowerDbm(id: RegionId, powerDbm: number | undefined): number {
  const { maxEirpDbm, maxConductedDbm = maxEirpDbm } = REGIONS[id];
  const most = Math.floor(Math.min(maxEirpDbm, maxConductedDbm));
  const power = powerDbm ?? most;
  if (!(power >= -20 && power <= most)) {
    throw new RangeError(`Power is ${power} dBm; ${id} allows -20 to ${most} with an antenna of 0 dBi`);
  }
  return Math.floor(power);
}
