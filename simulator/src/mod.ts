/** The air, the devices and fleets of real agents. The programs are in `main.ts`. */
export { listenGpsd } from "./devices/gpsd-server.ts";
export { writeNmea } from "./devices/nmea-writer.ts";
export { Sky, type SkyOptions } from "./devices/sky.ts";
export { type ForwarderOptions, VirtualForwarder } from "./devices/virtual-forwarder.ts";
export { openVirtualNmea } from "./devices/virtual-nmea.ts";
export type { FleetObserver, FleetRun } from "./fleet/fleet-run.ts";
export { runRealFleet } from "./fleet/real-fleet.ts";
export { runVirtualFleet } from "./fleet/virtual-fleet.ts";
export { CITIES, type City } from "./placement/cities.ts";
export { placeSites, type Site } from "./placement/place.ts";
export { Ether } from "./radio/ether.ts";
export { CITY, type Environment } from "./radio/path-loss.ts";
export type { Reception, Station, Transmission } from "./radio/station.ts";
export type { EpochResult } from "./report/epoch-result.ts";
export { formatEpoch } from "./report/epoch-table.ts";
export { type Summary, summarize } from "./report/summary.ts";
