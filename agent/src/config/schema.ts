import { fromHex, isNetworkName, parseEvmAddress, publicKeyOf, REGION_IDS } from "@earshot/protocol";
import { z } from "zod";
import { parseAddress } from "./listen-address.ts";

/*
 * The configuration file, key by key. Each key's error text completes the sentence "KEY is VALUE; allowed is …".
 * `config.example.toml` documents every key; a test compares the two.
 */

const text = (error: string) => z.string({ error }).min(1, { error });

const textThat = (holds: (value: string) => boolean, error: string) =>
  z.string({ error }).refine(holds, { error });

const numberIn = (min: number, max: number) => {
  const error = `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
};

const wholeIn = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

const oneOf = <const T extends readonly [string, ...string[]]>(choices: T) =>
  z.enum(choices, { error: `one of ${choices.map((choice) => `"${choice}"`).join(", ")}` });

/** 64 hex digits, or the id of a key (`z6Mk…`). */
export const parsePublicKey = (value: string): Uint8Array | undefined =>
  publicKeyOf(value) ?? (/^[0-9a-fA-F]{64}$/.test(value) ? fromHex(value) : undefined);

const path = text("a path");
const listen = textThat((value) => parseAddress(value) !== undefined, "an address such as 127.0.0.1:1700");

const nmea = z.strictObject({
  type: z.literal("nmea"),
  device: path,
  baud: wholeIn(1200, 921_600).default(9600),
});

const gpsd = z.strictObject({
  type: z.literal("gpsd"),
  host: text("a host name or address").default("127.0.0.1"),
  port: wholeIn(1, 65_535).default(2947),
});

const none = z.strictObject({ type: z.literal("none") });

export const configSchema = z.strictObject({
  state_dir: path.default("/var/lib/earshot"),
  network: z.strictObject({
    name: textThat(isNetworkName, "1 to 32 of a-z, 0-9 and -"),
    public_key: textThat(
      (value) => parsePublicKey(value) !== undefined,
      "the network's public key: 64 hex digits or z6Mk…",
    ),
  }),
  broker: z.strictObject({
    url: textThat(isBrokerUrl, "mqtt://HOST:PORT or mqtts://HOST:PORT"),
    ca_file: path.optional(),
    cert_file: path.optional(),
    key_file: path.optional(),
  }),
  identity: z.strictObject({ key_file: path.optional() }).prefault({}),
  hotspot: z.strictObject({
    latitude: numberIn(-90, 90),
    longitude: numberIn(-180, 180),
    elevation_m: numberIn(-500, 9000),
    antenna_gain_dbi: numberIn(-10, 30),
    region: oneOf(REGION_IDS as [string, ...string[]]),
    max_power_dbm: numberIn(-20, 40).default(27),
    payee: textThat(
      (value) => parseEvmAddress(value) !== undefined,
      "an EVM address, 0x and 40 hex digits, with the right checksum or all lower case",
    ).optional(),
  }),
  lora: z
    .strictObject({ type: oneOf(["semtech-udp"]), listen: listen.default("127.0.0.1:1700") })
    .prefault({ type: "semtech-udp" }),
  gps: z
    .discriminatedUnion("type", [nmea, gpsd, none], { error: 'one of "nmea", "gpsd", "none"' })
    .prefault({ type: "none" }),
  page: z
    .strictObject({
      listen: textThat(
        (value) => value === "off" || parseAddress(value) !== undefined,
        'an address such as 127.0.0.1:4480, or "off"',
      ).default("127.0.0.1:4480"),
    })
    .prefault({}),
  reports: z
    .strictObject({
      status_period_s: numberIn(1, 3600).default(60),
      reading_period_s: numberIn(1, 86_400).default(300),
    })
    .prefault({}),
  outbox: z
    .strictObject({
      max_bytes: wholeIn(65_536, 1_073_741_824).default(16_777_216),
      max_age_days: numberIn(0.01, 365).default(30),
    })
    .prefault({}),
  log: z.strictObject({ level: oneOf(["debug", "info", "warn", "error"]).default("info") }).prefault({}),
});

export type ConfigFile = z.infer<typeof configSchema>;

function isBrokerUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ["mqtt:", "mqtts:"].includes(url.protocol) && url.hostname !== "";
}
