import { resolve } from "node:path";
import {
  kindOf,
  RADIOS,
  type RadioKind,
  RECEIVERS,
  type ReceiverKind,
  SENSORS,
  type SensorKind,
  type SerialAddress,
} from "@earshot/drivers";
import { REGIONS, type RegionId } from "@earshot/protocol/hotspot";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { beaconPowerDbm } from "../core/power.ts";
import type { GpsConfig, LoraConfig, SensorConfig } from "./config.ts";
import type { DeviceSection, SensorSection } from "./device-schema.ts";
import type { ConfigFile } from "./schema.ts";

interface Devices {
  lora: LoraConfig;
  gps: GpsConfig;
  sensors: SensorConfig[];
}

/** The devices of a checked file; paths are relative to `folder`. @throws {ConfigError} for keys that do not fit each other */
export function deviceConfig(file: ConfigFile, folder: string): Devices {
  const sections = file.sensors as SensorSection[];
  refuse([...sections.flatMap(reachProblems), ...repeatedNames(sections)]);
  const devices = {
    lora: loraConfig(file, folder),
    gps: gpsConfig(file.gps),
    sensors: sections.map(sensorConfig),
  };
  refuse(sharedPorts(devices));
  return devices;
}

function refuse(problems: readonly (string | undefined)[]): void {
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new ConfigError(found);
}

function loraConfig({ lora, hotspot }: ConfigFile, folder: string): LoraConfig {
  const kind = kindOf<RadioKind>(RADIOS, lora.type);
  refuse([kind.problem?.(lora, "lora")]);
  const region = hotspot.region as RegionId;
  const gainDdbi = Math.round(hotspot.antenna_gain_dbi * 10);
  const maxPowerDbm = beaconPowerDbm(REGIONS[region], gainDdbi, hotspot.max_power_dbm);
  const site = { region, maxPowerDbm, pathOf: (path: string) => resolve(folder, path) };
  return { type: lora.type, ...kind.settings(lora, site) } as LoraConfig;
}

function gpsConfig({ type, ...keys }: DeviceSection): GpsConfig {
  if (type === "none") return { type };
  return { type, ...kindOf<ReceiverKind>(RECEIVERS, type).settings(keys) } as GpsConfig;
}

const sensorKind = (type: string) => kindOf<SensorKind>(SENSORS, type);

/** How each device is reached. */
function reachProblems(sensor: SensorSection, index: number): string[] {
  const { type, device, baud, host, port } = sensor;
  const key = `sensors.${index}`;
  if ((device === undefined) === (host === undefined)) {
    const given = device === undefined ? "neither device nor host" : "both device and host";
    return [`${key} has ${given}; allowed is device, or host and port`];
  }
  if (host !== undefined && port === undefined) {
    return [`${key}.port is missing; allowed is a whole number from 1 to 65535`];
  }
  if (device !== undefined && port !== undefined) return [`${key}.port is ${port}; allowed only with host`];
  if (host !== undefined && baud !== undefined) return [`${key}.baud is ${baud}; allowed only with device`];
  return [sensorKind(type).problem?.(sensor, key, device !== undefined) ?? []].flat();
}

function repeatedNames(sensors: readonly SensorSection[]): string[] {
  return sensors.flatMap(({ name }, index) => {
    const first = sensors.findIndex((other) => other.name === name);
    if (first === index) return [];
    return [`sensors.${index}.name is "${name}"; allowed is a name that no other has (sensors.${first})`];
  });
}

function sensorConfig(sensor: SensorSection): SensorConfig {
  const { name, type, silence_s, device, host = "", port = 0 } = sensor;
  const kind = sensorKind(type);
  const settings = kind.settings(sensor);
  const silenceLimitMs = Math.max((silence_s ?? kind.silenceS) * 1000, kind.leastSilenceMs?.(settings) ?? 0);
  const link = device === undefined ? { host, port } : { device, baud: sensor.baud ?? kind.baud };
  return { name, type, link, silenceLimitMs, ...settings } as SensorConfig;
}

/** Serial ports that two sections name: each would take some of the other's bytes. */
function sharedPorts({ lora, gps, sensors }: Devices): string[] {
  const users: [key: string, link: object][] = [
    ["lora", lora],
    ["gps", gps],
    ...sensors.map(({ link }, index): [string, object] => [`sensors.${index}`, link]),
  ];
  const serial = users.filter((user): user is [string, SerialAddress] => "device" in user[1]);
  return serial.flatMap(([key, { device }], index) => {
    const first = serial.find(([, other]) => other.device === device);
    if (first === undefined || first === serial[index]) return [];
    return [`${key}.device is "${device}"; allowed is a port of its own: ${first[0]} has this one`];
  });
}
