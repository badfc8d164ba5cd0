import { BANDWIDTHS_HZ, PACKET_LIMITS } from "@earshot/protocol/hotspot";
import { z } from "zod";
import { baud, listen, numberIn, oneOfText, path, text, wholeIn } from "./fields.ts";

/*
 * The section [lora]: which radio, and how it is reached.
 */

/** Where packet forwarders and stations are waited for. */
export const DEFAULT_LISTEN = {
  "semtech-udp": "127.0.0.1:1700",
  "basics-station": "127.0.0.1:1887",
} as const;

const semtechUdp = z.strictObject({
  type: z.literal("semtech-udp"),
  listen: listen.default(DEFAULT_LISTEN["semtech-udp"]),
});

const basicsStation = z.strictObject({
  type: z.literal("basics-station"),
  listen: listen.default(DEFAULT_LISTEN["basics-station"]),
  token: text("the text that stations send after Authorization:").optional(),
  cert_file: path.optional(),
  key_file: path.optional(),
  client_ca_file: path.optional(),
});

const FREQ_HZ = PACKET_LIMITS.freqHz;
const BANDWIDTHS_KHZ = BANDWIDTHS_HZ.map((hz) => hz / 1000);

/** What a modem listens on: one channel, one spreading factor. */
const channel = {
  freq_mhz: numberIn(FREQ_HZ[0] / 1e6, FREQ_HZ[1] / 1e6),
  spreading_factor: wholeIn(...PACKET_LIMITS.spreadingFactor),
  bandwidth_khz: z.literal(BANDWIDTHS_KHZ, { error: `one of ${BANDWIDTHS_KHZ.join(", ")}` }).default(125),
};

const rak3172 = z.strictObject({
  type: z.literal("rak3172"),
  device: path,
  baud: baud.default(115_200),
  ...channel,
});

const NETWORK_IDS = "a whole number from 3 to 15, or 18";
const networkId = z
  .int({ error: NETWORK_IDS })
  .refine((id) => (id >= 3 && id <= 15) || id === 18, { error: NETWORK_IDS });

const rylr998 = z.strictObject({
  type: z.literal("rylr998"),
  device: path,
  baud: baud.default(115_200),
  ...channel,
  network_id: networkId.default(18),
  address: wholeIn(0, 65_535).default(0),
});

const rn2483 = z.strictObject({
  type: z.literal("rn2483"),
  device: path,
  baud: baud.default(57_600),
  ...channel,
});

export const LORA_TYPES = ["semtech-udp", "basics-station", "rak3172", "rylr998", "rn2483"] as const;

export const loraSchema = z.discriminatedUnion(
  "type",
  [semtechUdp, basicsStation, rak3172, rylr998, rn2483],
  { error: oneOfText(LORA_TYPES) },
);

export type LoraFile = z.infer<typeof loraSchema>;
