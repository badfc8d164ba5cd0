import type { Clock } from "@earshot/protocol/hotspot";
import { plainSensor } from "../devices/device-kind.ts";
import type { ByteLink, OpenByteLink } from "../driver.ts";
import { asNumber } from "../link/as-number.ts";
import { LineFramer } from "../link/line-framer.ts";
import { type StreamDecoder, streamDriver } from "../link/stream-driver.ts";
import {
  isQuantityName,
  type OpenSensorOptions,
  type SensorDriver,
  type SensorReading,
} from "./sensor-reading.ts";

const MAX_LINE_BYTES = 4096;
const MAX_QUANTITIES = 16;

/**
 * Anything that can print a line, a shell script behind `socat` say: one JSON object a line, names with units and
 * finite numbers, also as text, at most 16: `{"temperature_c": 21.5, "humidity_percent": 40}`. A line that is anything else is
 * refused as a whole and counted.
 */
export function openJsonLines(link: ByteLink | OpenByteLink, options: OpenSensorOptions): SensorDriver {
  const decoder = new JsonLinesDecoder(options.clock);
  return streamDriver({ name: "JSON lines", link, decoder, capacity: options.capacity ?? 64 });
}

export class JsonLinesDecoder implements StreamDecoder<SensorReading> {
  readonly #clock: Pick<Clock, "now">;
  readonly #framer = new LineFramer(MAX_LINE_BYTES);
  #frames = 0;
  #badFrames = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  get counts() {
    return { frames: this.#frames, badFrames: this.#badFrames, garbageBytes: this.#framer.garbageBytes };
  }

  push(bytes: Uint8Array): SensorReading[] {
    return this.#framer.push(bytes).flatMap((line) => {
      const quantities = readQuantities(line);
      if (quantities === undefined) {
        this.#badFrames += 1;
        return [];
      }
      this.#frames += 1;
      return [{ kind: "sensor" as const, atMs: this.#clock.now(), quantities }];
    });
  }

  flush(): SensorReading[] {
    return [];
  }
}

/** The quantities of a line, or `undefined` when it is not what this driver accepts. */
export function readQuantities(line: string): Record<string, number> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value).map(([name, number]) => [name, asNumber(number)] as const);
  const isGood = entries.every(([name, number]) => isQuantityName(name) && Number.isFinite(number));
  if (!isGood || entries.length === 0 || entries.length > MAX_QUANTITIES) return undefined;
  return Object.fromEntries(entries) as Record<string, number>;
}

export const jsonLines = plainSensor({
  type: "json-lines",
  description: "JSON lines with quantities",
  sends: { lines: (line) => readQuantities(line) !== undefined },
  baud: 115_200,
  silenceS: 900,
  open: openJsonLines,
  rows: [
    {
      device: "anything that prints lines",
      wiring: "a serial port",
      config: ['device = "/dev/ttyUSB0"', "baud = 115200"],
      testedWith: "lines over a pty",
    },
    {
      device: "the same, from a program",
      wiring: "TCP, as below",
      config: ['host = "127.0.0.1"', "port = 7000"],
      testedWith: "the same driver",
    },
  ],
});
