import { type GpsdDriver, openGpsd, openNmea, openTcp, openUbx, type UbxDriver } from "@earshot/drivers";
import type { Clock } from "@earshot/protocol/hotspot";
import type { DeviceHealthFacts } from "../board/agent-status.ts";
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
      return async (signal) => {
        const driver = openGpsd(await openTcp({ host: gps.host, port: gps.port, signal }), { clock });
        return Object.assign(driver, { hint: () => gpsdHint(driver) });
      };
  }
}

/** Why gpsd tells no fix and not even that there is none, by what it says of itself. */
function gpsdHint(driver: GpsdDriver): DeviceHealthFacts["hint"] {
  const { release, devices } = driver.gpsd();
  const { badFrames, garbageBytes } = driver.counts();
  if (release === undefined) {
    const isOther = badFrames + garbageBytes > 0;
    return isOther ? { reason: "What answers at that port is not gpsd", trouble: "not-gpsd" } : undefined;
  }
  if (devices === undefined) return undefined;
  if (devices.length === 0) return { reason: "gpsd has no device", trouble: "no-device" };
  const paths = (isOpen: boolean) => devices.filter((one) => one.isOpen === isOpen).map(({ path }) => path);
  const open = paths(true);
  return open.length === 0
    ? { reason: `gpsd cannot open ${paths(false).join(", ")}`, trouble: "device-closed" }
    : { reason: `gpsd gets nothing that it can read from ${open.join(", ")}`, trouble: "device-silent" };
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
