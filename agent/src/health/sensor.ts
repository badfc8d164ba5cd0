import type { SensorFacts } from "../board/facts.ts";
import { ago } from "./age.ts";
import { type DeviceWords, deviceProblem } from "./device.ts";
import { ok, type Part } from "./part.ts";
import { valueText } from "./value.ts";

/** The slowest speak once in some minutes; the agent opens those anew that are silent for longer than their type is. */
const SILENT_MS = 3_600_000;
const FIRST_READING_MS = 60_000;
const SHOWN = 3;

/** Does it speak, and what did it say? */
export function sensorPart(sensor: SensorFacts, nowMs: number): Part {
  const title = `Sensor ${sensor.source}`;
  const words: DeviceWords = {
    title,
    section: `the table "${sensor.source}" of [[sensors]]`,
    firstReadingMs: FIRST_READING_MS,
    silentMs: SILENT_MS,
  };
  const problem = deviceProblem(sensor, words, nowMs);
  if (problem !== undefined) return problem;
  const values = Object.entries(sensor.quantities).slice(0, SHOWN);
  const said = values.map(([name, { value }]) => valueText(name, value)).join(", ");
  return ok(title, `${said}; ${ago(sensor.lastAtMs ?? nowMs, nowMs)}`);
}
