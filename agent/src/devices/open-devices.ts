import {
  type Driver,
  type GpsReading,
  listenSemtechUdp,
  openGpsd,
  openNmea,
  openSerial,
  openTcp,
} from "@earshot/drivers";
import type { Clock, Log } from "@earshot/protocol";
import type { AgentRadio } from "../agent.ts";
import type { GpsConfig, LoraConfig } from "../config/config.ts";
import type { OpenDevice } from "./open-device.ts";

/** A forwarder that sent no PULL_DATA for so long cannot be reached any more. */
const DOWNLINK_EXPIRES_MS = 90_000;

/** How to open the radio that the configuration names. */
export const radioOpener =
  ({ listen }: LoraConfig, clock: Clock, log: Log): OpenDevice<AgentRadio> =>
  async () => {
    const radio = await listenSemtechUdp({ ...listen, clock, log });
    const forwarderFacts = () =>
      radio.forwarders().map(({ gatewayEui, lastSeenMs, downlink }) => ({
        gatewayEui,
        lastSeenMs,
        canTransmit: downlink !== undefined && clock.now() - downlink.atMs <= DOWNLINK_EXPIRES_MS,
      }));
    return Object.assign(radio, { forwarderFacts });
  };

/** How to open the GPS that the configuration names; `undefined` where there is none. */
export function gpsOpener(gps: GpsConfig, clock: Clock): OpenDevice<Driver<GpsReading>> | undefined {
  switch (gps.type) {
    case "none":
      return undefined;
    case "nmea":
      return async () => openNmea(await openSerial({ path: gps.device, baudRate: gps.baud }), { clock });
    case "gpsd":
      return async (signal) => openGpsd(await openTcp({ host: gps.host, port: gps.port, signal }), { clock });
  }
}
