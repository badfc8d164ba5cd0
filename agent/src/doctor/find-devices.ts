import { realpathSync } from "node:fs";
import {
  type ByteLink,
  GPSD_ADDRESS,
  listSerialDevices,
  openSerial,
  type ProbeOutcome,
  probePort,
  runningPrograms,
  SEMTECH_UDP_LISTEN,
  type SerialDevice,
  type SocketAddress,
} from "@earshot/drivers";
import { addressOf } from "@earshot/drivers/fields";
import type { Clock } from "@earshot/protocol/hotspot";
import { portUsers } from "../devices/port-users.ts";
import { type ForwarderSearch, findForwarder } from "./find-forwarders.ts";
import { type FoundGpsd, findGpsd } from "./find-gpsd.ts";

/** What of the machine is looked at; all of it is passed in. */
export interface Surroundings {
  ports(): Promise<SerialDevice[]>;
  /** Which other programs have a port open, by its path. */
  users(paths: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  open(path: string, baudRate: number): Promise<ByteLink>;
  gpsd: SocketAddress;
  /** Where packet forwarders send; absent when it is looked at already. */
  forwarders?: SocketAddress;
  programs(): Promise<string[]>;
}

/** Programs that feed a hotspot, or hold its devices. */
const PROGRAMS = ["gpsd", "lora_pkt_fwd", "station", "chirpstack-concentratord", "chirpstack-mqtt-forwarder"];

export const THIS_MACHINE: Surroundings = {
  ports: listSerialDevices,
  users: portUsers,
  open: (path, baudRate) => openSerial({ path, baudRate }),
  gpsd: GPSD_ADDRESS,
  forwarders: { host: "0.0.0.0", port: addressOf(SEMTECH_UDP_LISTEN).port },
  programs: () => runningPrograms(PROGRAMS),
};

export interface PortFinding {
  port: SerialDevice;
  outcome: ProbeOutcome | { state: "skipped"; why: string };
}

export interface Findings {
  ports: readonly PortFinding[];
  gpsd?: FoundGpsd;
  forwarder?: ForwarderSearch;
  programs: readonly string[];
  tookMs: number;
}

/**
 * Looks at everything that may be attached, all at the same time: serial ports, gpsd, packet forwarders. Ports that
 * anybody uses are left alone: gpsd, another program, the kernel's console, and those of the configuration.
 */
export async function findDevices(
  surroundings: Surroundings,
  { clock, signal, configured = [] }: { clock: Clock; signal: AbortSignal; configured?: readonly string[] },
): Promise<Findings> {
  const startElapsedMs = clock.elapsedMs();
  const { gpsd: gpsdAddress, forwarders } = surroundings;
  const searching = forwarders && findForwarder(forwarders, clock, signal);
  const gpsd = await findGpsd(gpsdAddress, clock, signal);
  const ports = await surroundings.ports();
  const users = await surroundings.users(ports.map(({ path }) => path));
  const reasonToSkip = ({ path, isConsole }: SerialDevice): string | undefined => {
    const isAmong = (paths: readonly string[]) => paths.some((one) => realPath(one) === realPath(path));
    if (isAmong(configured)) return "is in the configuration: checked above";
    if (isConsole) return "is the kernel's console";
    if (isAmong(gpsd?.devices ?? [])) return "gpsd reads it";
    const programs = users.get(path) ?? [];
    return programs.length > 0 ? `in use: ${programs.join(", ")} has it open` : undefined;
  };
  const probe = async (port: SerialDevice): Promise<PortFinding> => {
    const why = reasonToSkip(port);
    if (why !== undefined) return { port, outcome: { state: "skipped", why } };
    const open = (baudRate: number) => surroundings.open(port.path, baudRate);
    return { port, outcome: await probePort({ open, clock, signal }) };
  };
  const [found, forwarder, programs] = await Promise.all([
    Promise.all(ports.map(probe)),
    searching,
    surroundings.programs(),
  ]);
  return {
    ports: found,
    ...(gpsd && { gpsd }),
    ...(forwarder && { forwarder }),
    programs,
    tookMs: clock.elapsedMs() - startElapsedMs,
  };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
