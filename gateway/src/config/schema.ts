import {
  DEFAULT_PARAMETERS,
  DRAND_KEY_BYTES,
  isBrokerUrl,
  isNetworkName,
  KEY_ROLES,
  liveRuleSets,
  MAX_PACKET_BYTES,
  MQTT_PORT,
  PARAMETER_RANGES,
  QUICKNET,
  WHOLE_PARAMETERS,
  type WholeParameter,
} from "@earshot/protocol";
import { DEFAULT_LOG_SETTINGS, LOG_FORMATS, LOG_LEVELS } from "@earshot/protocol/runtime";
import { flag, host, oneOf, path, textThat, wholeIn } from "@earshot/protocol/runtime/config";
import { isKeyName } from "@earshot/protocol/tlog";
import { z } from "zod";
import { isAddressRange } from "../access/client-address.ts";
import { DEFAULT_LIMITS } from "../access/hotspot-limits.ts";
import { DEFAULT_RELAY_URLS, MAX_RELAYS } from "../entropy/drand-relays.ts";

/*
 * The configuration file, key by key. Each key's error text completes the sentence "KEY is VALUE; allowed is …".
 */

/** Counted by the gateway itself as parameters change. */
const NOT_CONFIGURED: readonly WholeParameter[] = ["version", "activationEpoch"];

/** Where it is left out, twice `report_deadline_ms`. */
const revealDeadline = wholeIn(...PARAMETER_RANGES.revealDeadlineMs).optional();

/** Key of a parameter in the configuration: `maxDistanceM` is `max_distance_m`. */
export const keyOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** One key for each whole number among the parameters, with the protocol's range and default. */
const wholeParameterKeys: Readonly<Record<string, z.ZodDefault<z.ZodInt>>> = Object.fromEntries(
  WHOLE_PARAMETERS.filter((name) => !NOT_CONFIGURED.includes(name)).map((name) => {
    const [min, max] = PARAMETER_RANGES[name];
    return [keyOf(name), wholeIn(min, max).default(DEFAULT_PARAMETERS[name])];
  }),
);

const port = wholeIn(0, 65_535);
const decimal = textThat((value) => /^\d+$/.test(value), "a whole number in quotes");

const defaults = DEFAULT_PARAMETERS;

const defaultRegions = Object.fromEntries(defaults.regions.map(({ id, maxEirpDdbm }) => [id, maxEirpDdbm]));

const ruleSetIds = liveRuleSets().map(({ id }) => id);

const parameters = z.strictObject({
  ...wholeParameterKeys,
  reveal_deadline_ms: revealDeadline,
  rule_set: textThat((value) => ruleSetIds.includes(value), ruleSetIds.join(" or ")).default(
    defaults.ruleSet,
  ),
  pool_per_epoch: decimal.default(defaults.poolPerEpoch.toString()),
  chain_id: decimal.default(defaults.chainId.toString()),
  contract: textThat((value) => /^0x[0-9a-fA-F]{40}$/.test(value), "0x and 40 hex digits").default(
    `0x${defaults.contract.toHex()}`,
  ),
  /** Regions in which this network takes beacons, with their greatest EIRP. */
  regions: z
    .record(z.string(), z.int({ error: "tenths of a dBm, a whole number" }), {
      error: "a section of regions",
    })
    .default(defaultRegions),
});

const embedded = z.strictObject({
  host: host.default("127.0.0.1"),
  port: port.default(MQTT_PORT),
  /** PEM files; both or none. */
  tls_cert_file: path.optional(),
  tls_key_file: path.optional(),
  max_connections: wholeIn(1, 1_000_000).default(10_000),
  max_connections_per_address: wholeIn(1, 1_000_000).default(1000),
});

const broker = embedded.extend({
  /** With a URL the gateway is a client of that broker and opens none of its own. */
  url: textThat(
    isBrokerUrl,
    "mqtt://HOST:PORT or mqtts://HOST:PORT; a login goes into broker.username and broker.password",
  ).optional(),
  /** Only that; else 5, and 3.1.1 with a broker that does not know it. */
  mqtt_version: z.preprocess(String, oneOf(["5", "3.1.1"])).optional(),
  username: z.string({ error: "a user name" }).optional(),
  password: z.string({ error: "a password" }).optional(),
  ca_file: path.optional(),
  cert_file: path.optional(),
  key_file: path.optional(),
});

const token = textThat((value) => value.length >= 16, "a text of at least 16 characters");

const addressRanges = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",") : value),
  z.array(textThat(isAddressRange, "an address or address/bits"), { error: "a list of addresses" }),
);

const http = z.strictObject({
  host: host.default("127.0.0.1"),
  port: port.default(8080),
  /** Allows changes through the API. */
  admin_token: token.optional(),
  /** Of all, and of one IPv4 address or IPv6 /64. */
  max_connections: wholeIn(1, 1_000_000).default(1000),
  max_connections_per_address: wholeIn(1, 1_000_000).default(64),
  /** Whose X-Forwarded-For is believed; in an environment variable with commas. */
  trusted_proxies: addressRanges.default([]),
  /** Brokers that may ask about logins; in an environment variable with commas. */
  broker_addresses: addressRanges.default(["127.0.0.0/8", "::1"]),
  metrics: flag.default(true),
  /** Asked for before `/metrics` is shown. */
  metrics_token: token.optional(),
});

const registration = z.strictObject({
  policy: oneOf(["open", "listed"]).default("open"),
  /** `open` on a listener that others can reach must be said twice. */
  open_to_network: flag.default(false),
  /** JSON file with the hotspots of a listed network. */
  hotspots_file: path.optional(),
});

const limits = z.strictObject({
  packets_at_once: wholeIn(1, 1e9).default(DEFAULT_LIMITS.packetsAtOnce),
  packets_per_second: wholeIn(1, 1e6).default(DEFAULT_LIMITS.packetsPerSecond),
  bytes_per_day: wholeIn(MAX_PACKET_BYTES, 1e12).default(DEFAULT_LIMITS.bytesPerDay),
  witness_reports_per_period: wholeIn(1, 1e6).default(DEFAULT_LIMITS.witnessReportsPerPeriod),
  beacon_reports_per_period: wholeIn(1, 1e6).default(DEFAULT_LIMITS.beaconReportsPerPeriod),
  max_unheard: wholeIn(0, 1e9).default(DEFAULT_LIMITS.maxUnheard),
  unheard_days: wholeIn(1, 10_000).default(DEFAULT_LIMITS.unheardDays),
});

/** The network's log for everybody, not the program's. */
const publicLog = z.strictObject({
  /** Names the log, also to its witnesses; `earshot/NETWORK` when absent. */
  origin: textThat(isKeyName, "a name without spaces and +").optional(),
  /** Witnesses and quorum, in the format of c2sp.org/tlog-policy; none are asked when absent. */
  policy_file: path.optional(),
});

const secretKeys = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",") : value),
  z.array(
    textThat((value) => /^[0-9a-fA-F]{64}$/.test(value), "64 hex digits"),
    { error: "a list of keys" },
  ),
);

/** Private keys for a machine that keeps no files: else they are in the state folder. Lists, in the environment with commas. */
const keys = z.strictObject(
  Object.fromEntries(["network", ...KEY_ROLES].map((name) => [`${name}_secret`, secretKeys.optional()])),
);

const hexDigits = (bytes: number) =>
  textThat(
    (value) => value.length === 2 * bytes && /^[0-9a-f]+$/.test(value),
    `${2 * bytes} lower-case hex digits`,
  );

const isRelay = (value: string): boolean => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);

const entropy = z.strictObject({
  /** `local`: the operator's word. */
  source: oneOf(["local", "drand"]).default("local"),
  /** drand's HTTP relays, asked in this order; in an environment variable with commas. */
  urls: z
    .preprocess(
      (value) => (typeof value === "string" ? value.split(",") : value),
      z.array(textThat(isRelay, "an http(s) address")).min(1).max(MAX_RELAYS),
    )
    .default([...DEFAULT_RELAY_URLS]),
  /** The chain, all four or none; part of the parameters. */
  chain_hash: hexDigits(32).default(QUICKNET.hash),
  chain_public_key: hexDigits(DRAND_KEY_BYTES).default(QUICKNET.publicKey.toHex()),
  chain_genesis_s: wholeIn(0, 0xffff_ffff).default(QUICKNET.genesisS),
  chain_period_s: wholeIn(1, 86_400).default(QUICKNET.periodS),
});

const log = z.strictObject({
  level: oneOf(LOG_LEVELS).default(DEFAULT_LOG_SETTINGS.level),
  format: oneOf(LOG_FORMATS).default(DEFAULT_LOG_SETTINGS.format),
});

export const gatewaySchema = z.strictObject({
  network: textThat(isNetworkName, "1 to 32 of a-z, 0-9 and -").default("demo"),
  /** Keys, database and epoch bundles. */
  state_dir: path.default(".earshot/gateway"),
  /** `sqlite://PATH` or `postgres://…`; a SQLite database in the state folder when absent. */
  store_url: textThat(
    (value) => /^(sqlite|postgres(ql)?):\/\//.test(value),
    "sqlite://PATH or postgres://…",
  ).optional(),
  keys: keys.prefault({}),
  broker: broker.prefault({}),
  http: http.prefault({}),
  registration: registration.prefault({}),
  limits: limits.prefault({}),
  parameters: parameters.prefault({}),
  entropy: entropy.prefault({}),
  public_log: publicLog.prefault({}),
  log: log.prefault({}),
});

export type GatewayConfig = z.output<typeof gatewaySchema>;
