import {
  type ByteLink,
  type EnergyState,
  type MeterDriver,
  openJsonLines,
  openModbusRtu,
  openModbusTcp,
  openNmeaWeather,
  openPms5003,
  openRtcm3,
  openSds011,
  openSps30,
} from "@earshot/drivers";
import type { Clock } from "@earshot/protocol/hotspot";
import type { SensorConfig } from "../config/config.ts";
import type { AgentSensor, SensorDevice } from "./run-sensor.ts";
import { openLink, portOf } from "./serial-port.ts";

/** How to open each of the configured sensors. */
export const sensorDevices = (sensors: readonly SensorConfig[], clock: Clock): SensorDevice[] =>
  sensors.map((sensor) => ({
    name: sensor.name,
    type: sensor.type,
    ...("host" in sensor.link ? { host: `${sensor.link.host}:${sensor.link.port}` } : {}),
    silenceLimitMs: sensor.silenceLimitMs,
    open: async (signal, memory) => {
      const driver = driverOver(await openLink(sensor.link, signal), sensor, { clock, memory });
      return Object.assign(driver, portOf(sensor.link));
    },
  }));

interface DriverOptions {
  clock: Clock;
  memory: string | undefined;
}

function driverOver(link: ByteLink, sensor: SensorConfig, { clock, memory }: DriverOptions): AgentSensor {
  switch (sensor.type) {
    case "modbus":
      return openMeter(link, sensor, { clock, memory });
    case "pms5003":
      return openPms5003(link, { clock });
    case "sds011":
      return openSds011(link, { clock });
    case "sps30":
      return openSps30(link, { clock });
    case "nmea-weather":
      return openNmeaWeather(link, { clock });
    case "json-lines":
      return openJsonLines(link, { clock });
    case "rtcm3":
      return openRtcm3(link, { clock });
  }
}

function openMeter(
  link: ByteLink,
  { link: reach, unit, map, periodMs }: SensorConfig & { type: "modbus" },
  { clock, memory }: DriverOptions,
): AgentSensor {
  const options = { clock, unit, map, periodMs, energy: energyOf(memory) };
  const meter: MeterDriver =
    "device" in reach
      ? openModbusRtu(link, { ...options, baudRate: reach.baud })
      : openModbusTcp(link, options);
  return Object.assign(meter, { memory: () => JSON.stringify(meter.state().energy) });
}

/** Totals told before; none when they cannot be read, and the meter's own count begins them anew. */
export function energyOf(memory: string | undefined): Record<string, EnergyState> {
  let value: unknown;
  try {
    value = JSON.parse(memory ?? "{}");
  } catch {
    return {};
  }
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, EnergyState] => isEnergyState(entry[1])),
  );
}

function isEnergyState(value: unknown): value is EnergyState {
  if (typeof value !== "object" || value === null) return false;
  const { totalWh, rawWh, atMs } = value as Record<string, unknown>;
  return [totalWh, rawWh, atMs].every((number) => Number.isFinite(number));
}
