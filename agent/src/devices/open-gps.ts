import { openGpsd, openNmea, openTcp, openUbx, type UbxDriver } from "@earshot/drivers";
import type { Clock } from "@earshot/protocol/hotspot";
import type { GpsConfig } from "../config/config.ts";
import type { OpenDevice } from "./open-device.ts";
import type { AgentGps } from "./run-gps.ts";
import { openPort, portOf } from "./serial-port.ts";

/** How to open the GPS that the configuration names; `undefined` where there is none. */
export function gpsOpener(gps: GpsConfig, clock: Clock): OpenDevice<AgentGps> | undefined {
  switch (gps.type) {
    case "none":
      return undefined;
    case "nmea":
      return async () => Object.assign(openNmea(await openPort(gps), { clock }), portOf(gps));
    case "ubx":
      return async () => {
        const configure = gps.configure ? { configure: { rateHz: gps.rateHz } } : {};
        const receiver = openUbx(await openPort(gps), { clock, ...configure });
        return Object.assign(receiver, portOf(gps), { cautions: cautionsOf(receiver) });
      };
    case "gpsd":
      return async (signal) => openGpsd(await openTcp({ host: gps.host, port: gps.port, signal }), { clock });
  }
}

const REFUSALS = {
  refused: "The receiver refused its settings and runs as it is",
  silent: "The receiver does not answer, so it runs as it is: is the line to its RX connected?",
} as const;

/** How configuring went, where it did not go well. */
function cautionsOf({ configuration }: UbxDriver): () => string[] {
  let cautions: string[] = [];
  void configuration.then(({ state, refused, unanswered }) => {
    if (state !== "refused" && state !== "silent") return;
    const steps = [...refused, ...unanswered].join(", ");
    cautions = [steps === "" ? REFUSALS[state] : `${REFUSALS[state]} (${steps})`];
  });
  return () => cautions;
}
