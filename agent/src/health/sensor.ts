import type { SensorFacts } from "../board/agent-status.ts";
import { type DeviceTexts, deviceProblem } from "./device.ts";
import { ok, type Part } from "./part.ts";
import { valueText } from "./quantity-text.ts";
import { ago } from "./time-text.ts";

/** The slowest send once in some minutes. A sensor that is silent for longer than is usual for its type is reopened. */
const SILENT_MS = 3_600_000;
const FIRST_READING_MS = 60_000;
const SHOWN = 3;

/** Does the sensor send, and what are its latest values? */
export function sensorPart(sensor: SensorFacts, nowMs: number): Part {
  const title = `Sensor ${sensor.source}`;
  const words: DeviceTexts = {
    title,
    section: sectionOf(sensor),
    firstReadingMs: FIRST_READING_MS,
    silentMs: SILENT_MS,
    advice: adviceFor(sensor),
  };
  const problem = deviceProblem(sensor, words, nowMs);
  if (problem !== undefined) return problem;
  const values = Object.entries(sensor.quantities).slice(0, SHOWN);
  const latest = values.map(([name, { value }]) => valueText(name, value)).join(", ");
  return ok(title, `${latest}; ${ago(sensor.lastAtMs ?? nowMs, nowMs)}`);
}

const sectionOf = ({ source }: SensorFacts): string => `the table "${source}" of [[sensors]]`;

/** Advice for sensors that are reached over the network or by Modbus; general advice fits the others. */
function adviceFor(sensor: SensorFacts): NonNullable<DeviceTexts["advice"]> {
  const section = sectionOf(sensor);
  const { host, type } = sensor;
  const unit = type === "modbus" ? `, and unit in ${section}` : "";
  if (host !== undefined) {
    const reach = `Check that ${host} is on and in this network, and host and port in ${section}.`;
    return {
      "not-reached": reach,
      lost: reach,
      silent: `${host} takes the connection and passes nothing on: check the device behind it, its power, line and speed${unit}.`,
      unreadable: `Check type in ${section}, and the speed at which ${host} reads the device.`,
      damaged: `Check the line between ${host} and the device, its earth, and the speed that is set there.`,
      flapping: `Look why ${host} ends the connection: many serve one program, and end it when another connects.`,
    };
  }
  if (type !== "modbus") return {};
  return {
    silent: `Check the meter's power, A and B of its line (try them the other way round), and unit and baud in ${section}.`,
  };
}
