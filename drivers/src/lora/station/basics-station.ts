import { REGIONS, type RegionId } from "@earshot/protocol/hotspot";
import type { StationListener } from "./station-connection.ts";
import type { BasicsStationOptions, BasicsStationRadio } from "./station-radio.ts";
import { BasicsStationServer } from "./station-server.ts";
import type { ListenWebSocketOptions } from "./websocket-listener.ts";

export type {
  BasicsStationOptions,
  BasicsStationRadio,
  StationRefusal,
  StationState,
} from "./station-radio.ts";

/**
 * Serves stations that speak LoRa Basics Station's LNS protocol, version 2, on `listener`, and closes it with itself.
 *
 * - Frames come out as they were on air, put together again from the fields that the station sends. `tmstUs` counts on
 *   only while the station stays connected; `codingRate` is not reported.
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
  // Only where a station is served: its libraries cost some megabytes.
  const { listenWebSocket } = await import("./websocket-listener.ts");
  const listener = await listenWebSocket({ host, port, clock: options.clock, log: options.log, tls });
  return openBasicsStation({ ...rest, powerDbm, listener });
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
