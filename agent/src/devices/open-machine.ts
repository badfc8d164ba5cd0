import { type Driver, type LinuxReading, openLinuxHealth } from "@earshot/drivers";
import type { Clock } from "@earshot/protocol";
import type { Config } from "../config/config.ts";
import type { OpenDevice } from "./open-device.ts";

/** How to look at the computer itself; `undefined` where nobody asked for it. */
export function machineOpener(
  { machine, stateDir }: Pick<Config, "machine" | "stateDir">,
  clock: Clock,
): OpenDevice<Driver<LinuxReading>> | undefined {
  return machine.health ? async () => openLinuxHealth({ clock, diskPath: stateDir }) : undefined;
}
