import type { SensorFacts } from "../board/agent-status.ts";
import { type DeviceWords, deviceProblem } from "./device.ts";
import { ok, type Part } from "./part.ts";
import { valueText } from "./quantity-text.ts";
import { ago } from "./time-text.ts";

/** The slowest speak once in some minutes; the agent opens those anew that are silent for longer than their type is. */
const SILENT_MS = 3_600_000;
const FIRST_READING_MS = 60_000;
const SHOWN = 3;

/** Does it speak, and what did it say? */
export function sensorPart(sensor: SensorFacts, nowMs: number): Part {
  const title = `Sensor ${sensor.source}`;
  const words: DeviceWords = {
    title,
    section: sectionOf(sensor),
    firstReadingMs: FIRST_READING_MS,
    silentMs: SILENT_MS,
    advice: adviceFor(sensor),
  };
  const problem = deviceProblem(sensor, words, nowMs);
  if (problem !== undefined) return problem;
  const values = Object.entries(sensor.quantities).slice(0, SHOWN);
  const said = values.map(([name, { value }]) => valueText(name, value)).join(", ");
  return ok(title, `${said}; ${ago(sensor.lastAtMs ?? nowMs, nowMs)}`);
}

const sectionOf = ({ source }: SensorFacts): string => `the table "${source}" of [[sensors]]`;

/** Where the device has no port here, or a line of its own kind. */
function adviceFor(sensor: SensorFacts): NonNullable<DeviceWords["advice"]> {
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
