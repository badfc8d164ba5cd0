import { type DeviceKind, RADIOS, RECEIVERS, SENSORS } from "@earshot/drivers";
import { baud, port } from "@earshot/drivers/fields";
import { MAX_TEXT_BYTES } from "@earshot/protocol/hotspot";
import { host, numberIn, oneOfText, path, textThat } from "@earshot/protocol/runtime/config";
import { z } from "zod";

/*
 * The sections [lora] and [gps] and the tables [[sensors]], one variant for each kind of device of `@earshot/drivers`.
 */

type KindWithKeys = Pick<DeviceKind, "type"> & { keys: z.ZodRawShape };

/** What such a section has, whatever the device. */
export interface DeviceSection {
  type: string;
  [key: string]: unknown;
}

function sectionSchema(kinds: readonly KindWithKeys[], common: z.ZodRawShape = {}) {
  const [first, ...rest] = kinds.map(({ type, keys }) =>
    z.strictObject({ ...common, type: z.literal(type), ...keys }),
  );
  if (first === undefined) throw new TypeError("There is no kind of device");
  return z.discriminatedUnion("type", [first, ...rest], { error: oneOfText(kinds.map(({ type }) => type)) });
}

export const loraSchema = sectionSchema(RADIOS);

export const gpsSchema = sectionSchema([...RECEIVERS, { type: "none", keys: {} }]);

/** Sources of reading packets that the agent makes itself. */
const RESERVED = ["gps", "machine"];

const name = textThat(
  (value) => /^[a-z0-9-]+$/.test(value) && value.length <= MAX_TEXT_BYTES.source && !RESERVED.includes(value),
  `1 to ${MAX_TEXT_BYTES.source} of a-z, 0-9 and -, other than ${RESERVED.map((one) => `"${one}"`).join(" and ")}`,
);

const sensorKeys = {
  name,
  device: path.optional(),
  baud: baud.optional(),
  host: host.optional(),
  port: port.optional(),
  silence_s: numberIn(5, 86_400).optional(),
};

/** A packet each period for each of them: more belong on another machine. */
const MAX_SENSORS = 32;

export const sensorsSchema = z
  .array(sectionSchema(SENSORS, sensorKeys), { error: "tables [[sensors]]" })
  .max(MAX_SENSORS, { error: `at most ${MAX_SENSORS} tables [[sensors]]` });

/** One checked table: what every sensor has, besides the keys of its kind. */
export type SensorSection = DeviceSection & z.output<z.ZodObject<typeof sensorKeys>>;
