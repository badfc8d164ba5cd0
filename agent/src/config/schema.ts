import { parseAddress } from "@earshot/drivers/fields";
import {
  fromHex,
  isBrokerUrl,
  isNetworkName,
  PACKET_LIMITS,
  parseEvmAddress,
  publicKeyOf,
  type Range,
  REGION_IDS,
} from "@earshot/protocol/hotspot";
import { DEFAULT_LOG_SETTINGS, LOG_FORMATS, LOG_LEVELS } from "@earshot/protocol/runtime";
import { flag, host, numberIn, oneOf, path, textThat, wholeIn } from "@earshot/protocol/runtime/config";
import { z } from "zod";
import { gpsSchema, loraSchema, sensorsSchema } from "./device-schema.ts";

/*
 * The configuration file, key by key. Each key's error text completes the sentence "KEY is VALUE; allowed is …".
 * `config.example.toml` documents every key; a test compares the two.
 */

/** 64 hex digits, or the id of a key (`z6Mk…`). */
export const parsePublicKey = (value: string): Uint8Array | undefined =>
  publicKeyOf(value) ?? (/^[0-9a-fA-F]{64}$/.test(value) ? fromHex(value) : undefined);

/** A packet's limits in the unit of a key. */
const scaled = ([min, max]: Range, factor: number): Range => [min / factor, max / factor];

export const configSchema = z.strictObject({
  state_dir: path.default("/var/lib/earshot"),
  network: z.strictObject({
    name: textThat(isNetworkName, "1 to 32 of a-z, 0-9 and -"),
    public_key: textThat(
      (value) => parsePublicKey(value) !== undefined,
      "the network's public key: 64 hex digits or z6Mk…",
    ),
    /** Of a network on drand's quicknet. */
    check_entropy: flag.default(false),
  }),
  broker: z.strictObject({
    url: textThat(
      isBrokerUrl,
      "mqtt://HOST:PORT or mqtts://HOST:PORT and no more: hotspots log in with their key, so it has no user name and no password",
    ),
    mqtt_version: z.preprocess(String, oneOf(["5", "3.1.1"])).optional(),
    ca_file: path.optional(),
    cert_file: path.optional(),
    key_file: path.optional(),
  }),
  identity: z.strictObject({ key_file: path.optional() }).prefault({}),
  hotspot: z.strictObject({
    latitude: numberIn(...scaled(PACKET_LIMITS.latE7, 1e7)),
    longitude: numberIn(...scaled(PACKET_LIMITS.lonE7, 1e7)),
    elevation_m: numberIn(...PACKET_LIMITS.elevationM),
    antenna_gain_dbi: numberIn(...scaled(PACKET_LIMITS.antennaGainDdbi, 10)),
    region: oneOf(REGION_IDS as [string, ...string[]]),
    max_power_dbm: numberIn(-20, PACKET_LIMITS.powerDbm[1]).default(27),
    payee: textThat(
      (value) => parseEvmAddress(value) !== undefined,
      "an EVM address, 0x and 40 hex digits, with the right checksum or all lower case",
    ).optional(),
  }),
  lora: loraSchema.prefault({ type: "semtech-udp" }),
  gps: gpsSchema.prefault({ type: "none" }),
  sensors: sensorsSchema.prefault([]),
  machine: z.strictObject({ health: flag.default(true) }).prefault({}),
  page: z
    .strictObject({
      listen: textThat(
        (value) => value === "off" || parseAddress(value) !== undefined,
        'an address such as 127.0.0.1:4480, or "off"',
      ).default("127.0.0.1:4480"),
      names: z.array(host, { error: "a list of host names or addresses" }).default([]),
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
  log: z
    .strictObject({
      level: oneOf(LOG_LEVELS).default(DEFAULT_LOG_SETTINGS.level),
      format: oneOf(LOG_FORMATS).default(DEFAULT_LOG_SETTINGS.format),
    })
    .prefault({}),
});

export type ConfigFile = z.infer<typeof configSchema>;
