import {
  DEFAULT_PARAMETERS,
  isBrokerUrl,
  isNetworkName,
  MAX_PACKET_BYTES,
  MQTT_PORT,
  RULE_SET_IDS,
} from "@earshot/protocol";
import { DEFAULT_LOG_SETTINGS, LOG_FORMATS, LOG_LEVELS } from "@earshot/protocol/runtime";
import { z } from "zod";
import { isAddressRange } from "../access/client-address.ts";
import { DEFAULT_LIMITS } from "../access/hotspot-limits.ts";
import { wholeParameterKeys } from "./parameter-keys.ts";

/** Whole numbers that TOML writes as integers. */
const whole = (min: number, max: number) => z.int().min(min).max(max);
const port = whole(0, 65_535);
const decimal = z.string().regex(/^\d+$/, "must be a whole number in quotes");

const defaults = DEFAULT_PARAMETERS;

const defaultRegions = Object.fromEntries(defaults.regions.map(({ id, maxEirpDdbm }) => [id, maxEirpDdbm]));

const parameters = z.strictObject({
  ...wholeParameterKeys,
  rule_set: z.enum(RULE_SET_IDS).default(defaults.ruleSet),
  pool_per_epoch: decimal.default(defaults.poolPerEpoch.toString()),
  chain_id: decimal.default(defaults.chainId.toString()),
  contract: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, "must be 0x and 40 hex digits")
    .default(`0x${defaults.contract.toHex()}`),
  /** Regions in which this network takes beacons, with their greatest EIRP. */
  regions: z.record(z.string(), z.int()).default(defaultRegions),
});

const embedded = z.strictObject({
  host: z.string().default("127.0.0.1"),
  port: port.default(MQTT_PORT),
  /** PEM files; both or none. */
  tls_cert_file: z.string().optional(),
  tls_key_file: z.string().optional(),
  max_connections: whole(1, 1_000_000).default(10_000),
  max_connections_per_address: whole(1, 1_000_000).default(1000),
});

const broker = embedded.extend({
  /** With a URL the gateway is a client of that broker and opens none of its own. */
  url: z
    .string()
    .refine(
      isBrokerUrl,
      "must be mqtt://HOST:PORT or mqtts://HOST:PORT; a login goes into broker.username and broker.password",
    )
    .optional(),
  /** Only that; else 5, and 3.1.1 with a broker that does not know it. */
  mqtt_version: z.preprocess(String, z.enum(["5", "3.1.1"], 'must be "5" or "3.1.1"')).optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  ca_file: z.string().optional(),
  cert_file: z.string().optional(),
  key_file: z.string().optional(),
});

const token = z.string().min(16, "must have at least 16 characters");

const addressRanges = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",") : value),
  z.array(z.string().refine(isAddressRange, "must be an address or address/bits")),
);

const http = z.strictObject({
  host: z.string().default("127.0.0.1"),
  port: port.default(8080),
  /** Allows changes through the API. */
  admin_token: token.optional(),
  /** Of all, and of one IPv4 address or IPv6 /64. */
  max_connections: whole(1, 1_000_000).default(1000),
  max_connections_per_address: whole(1, 1_000_000).default(64),
  /** Whose X-Forwarded-For is believed; in an environment variable with commas. */
  trusted_proxies: addressRanges.default([]),
  /** Brokers that may ask about logins; in an environment variable with commas. */
  broker_addresses: addressRanges.default(["127.0.0.0/8", "::1"]),
  metrics: z.boolean().default(true),
  /** Asked for before `/metrics` is shown. */
  metrics_token: token.optional(),
});

const registration = z.strictObject({
  policy: z.enum(["open", "listed"]).default("open"),
  /** `open` on a listener that others can reach must be said twice. */
  open_to_network: z.boolean().default(false),
  /** JSON file with the hotspots of a listed network. */
  hotspots_file: z.string().optional(),
});

const limits = z.strictObject({
  packets_at_once: whole(1, 1e9).default(DEFAULT_LIMITS.packetsAtOnce),
  packets_per_second: whole(1, 1e6).default(DEFAULT_LIMITS.packetsPerSecond),
  bytes_per_day: whole(MAX_PACKET_BYTES, 1e12).default(DEFAULT_LIMITS.bytesPerDay),
  witness_reports_per_period: whole(1, 1e6).default(DEFAULT_LIMITS.witnessReportsPerPeriod),
  beacon_reports_per_period: whole(1, 1e6).default(DEFAULT_LIMITS.beaconReportsPerPeriod),
  max_unheard: whole(0, 1e9).default(DEFAULT_LIMITS.maxUnheard),
  unheard_days: whole(1, 10_000).default(DEFAULT_LIMITS.unheardDays),
});

const log = z.strictObject({
  level: z.enum(LOG_LEVELS).default(DEFAULT_LOG_SETTINGS.level),
  format: z.enum(LOG_FORMATS).default(DEFAULT_LOG_SETTINGS.format),
});

export const gatewaySchema = z.strictObject({
  network: z.string().refine(isNetworkName, "must be 1 to 32 of a-z, 0-9 and -").default("demo"),
  /** Keys, database and epoch bundles. */
  state_dir: z.string().default(".earshot/gateway"),
  /** `sqlite://PATH` or `postgres://…`; a SQLite database in the state folder when absent. */
  store_url: z
    .string()
    .regex(/^(sqlite|postgres(ql)?):\/\//, "must begin with sqlite:// or postgres://")
    .optional(),
  broker: broker.prefault({}),
  http: http.prefault({}),
  registration: registration.prefault({}),
  limits: limits.prefault({}),
  parameters: parameters.prefault({}),
  log: log.prefault({}),
});

export type GatewayConfig = z.output<typeof gatewaySchema>;
