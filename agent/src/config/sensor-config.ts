import type { GpsConfig, LoraConfig, SensorConfig, SerialConfig } from "./config.ts";
import { SENSOR_TYPES, type SensorFile } from "./sensor-schema.ts";

/** What is wrong with the tables [[sensors]] beyond each key: names, and how each device is reached. */
export function sensorProblems(sensors: readonly SensorFile[]): string[] {
  return [...sensors.flatMap(reachProblems), ...repeatedNames(sensors)];
}

function reachProblems(sensor: SensorFile, index: number): string[] {
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
  const isSerialMeter = type === "modbus" && device !== undefined;
  if (isSerialMeter && (sensor.unit < 1 || sensor.unit > 247)) {
    return [`${key}.unit is ${sensor.unit}; allowed is a whole number from 1 to 247`];
  }
  return [];
}

function repeatedNames(sensors: readonly SensorFile[]): string[] {
  return sensors.flatMap(({ name }, index) => {
    const first = sensors.findIndex((other) => other.name === name);
    if (first === index) return [];
    return [`sensors.${index}.name is "${name}"; allowed is a name that no other has (sensors.${first})`];
  });
}

/** A sensor of a file without problems. */
export function sensorConfig(sensor: SensorFile): SensorConfig {
  const { name, type } = sensor;
  const defaults = SENSOR_TYPES[type];
  const silenceS = sensor.silence_s ?? defaults.silenceS;
  const link = linkOf(sensor, defaults.baud);
  if (sensor.type !== "modbus") {
    return { name, type: sensor.type, link, silenceLimitMs: silenceS * 1000 };
  }
  const { unit, map, period_s } = sensor;
  const periodMs = period_s * 1000;
  // The driver itself gives up after five periods without an answer, and says more.
  const silenceLimitMs = Math.max(silenceS * 1000, 7 * periodMs);
  return { name, type: sensor.type, link, silenceLimitMs, unit, map, periodMs };
}

function linkOf(sensor: SensorFile, defaultBaud: number): SensorConfig["link"] {
  const { device, baud = defaultBaud, host = "", port = 0 } = sensor;
  return device === undefined ? { host, port } : { device, baud };
}

interface Devices {
  lora: LoraConfig;
  gps: GpsConfig;
  sensors: readonly SensorConfig[];
}

/** Serial ports that two sections name: each would take some of the other's bytes. */
export function sharedPorts({ lora, gps, sensors }: Devices): string[] {
  const users: [key: string, link: object][] = [
    ["lora", lora],
    ["gps", gps],
    ...sensors.map(({ link }, index): [string, object] => [`sensors.${index}`, link]),
  ];
  const serial = users.filter((user): user is [string, SerialConfig] => "device" in user[1]);
  return serial.flatMap(([key, { device }], index) => {
    const first = serial.find(([, other]) => other.device === device);
    if (first === undefined || first === serial[index]) return [];
    return [`${key}.device is "${device}"; allowed is a port of its own: ${first[0]} has this one`];
  });
}
