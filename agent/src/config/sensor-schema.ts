import { METER_MAPS, type MeterMapName } from "@earshot/drivers";
import { MAX_TEXT_BYTES } from "@earshot/protocol/hotspot";
import { z } from "zod";
import { baud, host, numberIn, oneOf, oneOfText, path, port, textThat, wholeIn } from "./fields.ts";

/*
 * The tables [[sensors]]: one for each device that measures something.
 */

/** As fast as each type speaks when nobody changed it, and the longest silence, in seconds, that is no fault. */
export const SENSOR_TYPES = {
  modbus: { baud: 9600, silenceS: 120 },
  pms5003: { baud: 9600, silenceS: 30 },
  sds011: { baud: 9600, silenceS: 60 },
  sps30: { baud: 115_200, silenceS: 60 },
  "nmea-weather": { baud: 4800, silenceS: 60 },
  "json-lines": { baud: 115_200, silenceS: 900 },
  rtcm3: { baud: 115_200, silenceS: 60 },
} as const;

export type SensorType = keyof typeof SENSOR_TYPES;
const TYPE_NAMES = Object.keys(SENSOR_TYPES) as [SensorType, ...SensorType[]];

/** Sources of reading packets that the agent makes itself. */
const RESERVED = ["gps", "machine"];

const name = textThat(
  (value) => /^[a-z0-9-]+$/.test(value) && value.length <= MAX_TEXT_BYTES.source && !RESERVED.includes(value),
  `1 to ${MAX_TEXT_BYTES.source} of a-z, 0-9 and -, other than ${RESERVED.map((one) => `"${one}"`).join(" and ")}`,
);

const common = {
  name,
  device: path.optional(),
  baud: baud.optional(),
  host: host.optional(),
  port: port.optional(),
  silence_s: numberIn(5, 86_400).optional(),
};

const meterMaps = Object.keys(METER_MAPS) as [MeterMapName, ...MeterMapName[]];

const modbus = z.strictObject({
  ...common,
  type: z.literal("modbus"),
  unit: wholeIn(0, 255).default(1),
  map: oneOf(meterMaps),
  period_s: numberIn(1, 3600).default(10),
});

const plain = <const T extends SensorType>(type: T) => z.strictObject({ ...common, type: z.literal(type) });

const sensor = z.discriminatedUnion(
  "type",
  [
    modbus,
    plain("pms5003"),
    plain("sds011"),
    plain("sps30"),
    plain("nmea-weather"),
    plain("json-lines"),
    plain("rtcm3"),
  ],
  { error: oneOfText(TYPE_NAMES) },
);

/** A packet each period for each of them: more belong on another machine. */
export const MAX_SENSORS = 32;

export const sensorsSchema = z
  .array(sensor, { error: "tables [[sensors]]" })
  .max(MAX_SENSORS, { error: `at most ${MAX_SENSORS} tables [[sensors]]` });

export type SensorFile = z.infer<typeof sensor>;
