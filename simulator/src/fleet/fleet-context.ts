import type { Clock, Log, Region } from "@earshot/protocol";
import type { Ether } from "../radio/ether.ts";

/** What all hotspots of a fleet share. */
export interface FleetContext {
  clock: Clock;
  log: Log;
  seed: number;
  ether: Ether;
  region: Region;
}

/** How often a forwarder asks for downlinks: Semtech's default, shorter than in most configurations. */
export const KEEPALIVE_PERIOD_MS = 5000;
/** Scaled with the compressed calendar. */
export const STAT_PERIOD_MS = 10_000;

/** Version that simulated agents report. */
export const SIMULATED_VERSION = "simulated";
