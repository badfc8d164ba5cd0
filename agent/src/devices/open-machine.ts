import { type Driver, type LinuxReading, openLinuxHealth } from "@earshot/drivers";
import type { Clock } from "@earshot/protocol/hotspot";
import type { Config } from "../config/config.ts";
import type { OpenDevice } from "./open-device.ts";

/** Once in each reading packet at least, or the gateway would see gaps. */
const LONGEST_PERIOD_MS = 60_000;

/** How to look at the computer itself; `undefined` where nobody asked for it. */
export function machineOpener(
  { machine, stateDir, core }: Pick<Config, "machine" | "stateDir" | "core">,
  clock: Clock,
): OpenDevice<Driver<LinuxReading>> | undefined {
  if (!machine.health) return undefined;
  const periodMs = Math.min(core.readingPeriodMs, LONGEST_PERIOD_MS);
  return async () => openLinuxHealth({ clock, diskPath: stateDir, periodMs });
}
