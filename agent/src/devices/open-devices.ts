import { networkInterfaces } from "node:os";
import {
  type ByteLink,
  type ConcentratorState,
  type Driver,
  kindOf,
  type LinuxReading,
  openLinuxHealth,
  openSerial,
  openTcp,
  RADIOS,
  type RadioContext,
  type RadioKind,
  RECEIVERS,
  type ReceiverKind,
  SENSORS,
  type SensorKind,
  type SerialAddress,
  type SocketAddress,
} from "@earshot/drivers";
import { type Clock, type Log, readClock, toWallTime } from "@earshot/protocol/hotspot";
import type { ForwarderFacts, RadioSetup } from "../board/agent-status.ts";
import type { Config, GpsConfig, LoraConfig, SensorConfig } from "../config/config.ts";
import { checkNotInUse } from "./port-users.ts";
import type { AgentGps } from "./run-gps.ts";
import type { AgentRadio } from "./run-radio.ts";
import type { SensorDevice } from "./run-sensor.ts";
import { stationCertificates } from "./station-certificates.ts";
import type { OpenDevice } from "./supervise.ts";

/**
 * How to open the radio that the configuration names.
 *
 * @param gpsTimeMs the answer to stations that ask for the time
 */
export function radioOpener(
  lora: LoraConfig,
  clock: Clock,
  log: Log,
  gpsTimeMs?: RadioContext["gpsTimeMs"],
): OpenDevice<AgentRadio> {
  const kind = kindOf<RadioKind>(RADIOS, lora.type);
  return async (signal) => {
    const radio = await kind.open(lora, {
      ...{ clock, log, openLink: (address) => openLink(address, signal) },
      ...(gpsTimeMs === undefined ? {} : { gpsTimeMs }),
      certificates: (files) => stationCertificates(files, clock),
    });
    const { concentrators } = radio;
    return Object.assign(radio, {
      ...("device" in lora ? portOf(lora) : {}),
      ...(kind.cannotBeacon === undefined ? {} : { cannotBeacon: kind.cannotBeacon }),
      ...(concentrators === undefined
        ? {}
        : { forwarderFacts: () => concentrators().map((one) => factsOf(one, clock)) }),
    });
  };
}

/** What advice about the radio goes by. */
export function radioSetup(lora: LoraConfig): RadioSetup {
  const { type } = lora;
  if (!("listen" in lora)) return { type };
  const { listen } = lora;
  if (lora.type !== "basics-station") return { type, listen };
  return { type, listen, isSecure: lora.tls !== undefined, hasToken: lora.token !== undefined };
}

const factsOf = (
  { gatewayEui, lastSeenElapsedMs, host, canTransmit, sharedBy, lostInHour }: ConcentratorState,
  clock: Clock,
): ForwarderFacts => ({
  gatewayEui,
  lastSeenMs: toWallTime(lastSeenElapsedMs, readClock(clock)),
  canTransmit,
  ...(host === undefined ? {} : { host, isOnThisMachine: isOwnAddress(host) }),
  ...(sharedBy === undefined ? {} : { sharedBy }),
  ...(lostInHour === undefined ? {} : { lostInHour }),
});

/** Loopback, or an address of one of this machine's networks. */
function isOwnAddress(host: string): boolean {
  const address = host.replace(/^::ffff:/, "");
  if (address === "::1" || address.startsWith("127.")) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((own) => own.address === address));
}

/** How to open the GPS that the configuration names; `undefined` where there is none. */
export function gpsOpener(gps: GpsConfig, clock: Clock): OpenDevice<AgentGps> | undefined {
  if (gps.type === "none") return undefined;
  const kind = kindOf<ReceiverKind>(RECEIVERS, gps.type);
  return async (signal) => {
    const receiver = await kind.open(gps, { clock, openLink: (address) => openLink(address, signal) });
    return Object.assign(receiver, "device" in gps ? portOf(gps) : {});
  };
}

/** How to open each of the configured sensors. */
export const sensorDevices = (sensors: readonly SensorConfig[], clock: Clock): SensorDevice[] =>
  sensors.map((sensor) => {
    const { name, type, link: address, silenceLimitMs } = sensor;
    const kind = kindOf<SensorKind>(SENSORS, type);
    return {
      ...{ name, type, silenceLimitMs },
      ...("host" in address ? { host: `${address.host}:${address.port}` } : {}),
      open: async (signal, memory) => {
        const driver = kind.open(await openLink(address, signal), sensor, { clock, address, memory });
        return Object.assign(driver, portOf(address));
      },
    };
  });

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

/** @throws {DeviceTroubleError} when another program is known to have it open; {LinkLostError} when it cannot be opened */
async function openPort({ device, baud }: SerialAddress): Promise<ByteLink> {
  await checkNotInUse(device);
  return openSerial({ path: device, baudRate: baud });
}

/** A serial port, or the TCP port of a serial server or a program. */
function openLink(link: SerialAddress | SocketAddress, signal: AbortSignal): Promise<ByteLink> {
  return "device" in link ? openPort(link) : openTcp({ ...link, signal });
}

/** Path of the serial port, for those who look who else has it open. */
const portOf = (link: SerialAddress | SocketAddress): { port?: string } =>
  "device" in link ? { port: link.device } : {};
