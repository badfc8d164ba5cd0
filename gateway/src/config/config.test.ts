import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { PARAMETER_RANGES, QUICKNET, WHOLE_PARAMETERS } from "@earshot/protocol";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { z } from "zod";
import { parametersOf, parseConfig } from "./config.ts";
import { gatewaySchema, keyOf } from "./schema.ts";

const example = readFileSync(new URL("../../config.example.toml", import.meta.url), "utf8");
const messageOf = (toml: string, env = {}): string => {
  try {
    parseConfig(toml, env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error("was accepted");
};

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
}

const keysOf = (schema: JsonSchema): string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, inner]) =>
    inner.properties === undefined ? [key] : keysOf(inner),
  );

/** By the end of a parameter's name. */
const UNITS = [
  ["Ms", " ms"],
  ["Ddb", "tenths of a dB"],
  ["M", " m"],
  ["Bp", "basis points"],
  ["Epochs", "epochs"],
  ["Periods", "periods"],
] as const;

describe("the example", () => {
  test("gives the defaults", () => {
    expect(parseConfig(example, {})).toEqual(parseConfig("", {}));
  });

  test("names every key", () => {
    const schema = z.toJSONSchema(gatewaySchema, { io: "input", unrepresentable: "any" }) as JsonSchema;
    const keys = keysOf(schema);
    expect(keys.length).toBeGreaterThan(30);
    const isNamed = (key: string) =>
      new RegExp(`^(# )?${key} = |^\\[parameters\\.${key}\\]$`, "m").test(example);
    expect(keys.filter((key) => !isNamed(key))).toEqual([]);
  });

  test("says of each parameter in what unit and range it is", () => {
    for (const name of WHOLE_PARAMETERS) {
      if (name === "version" || name === "activationEpoch") continue;
      const [min, max] = PARAMETER_RANGES[name];
      const comment =
        new RegExp(`^# (.*): ${min} to ${max}\\.\\n(?:# )?${keyOf(name)} = `, "m").exec(example)?.[1] ?? "";
      expect([name, comment.length > 20]).toEqual([name, true]);
      const [, unit] = UNITS.find(([suffix]) => name.endsWith(suffix)) ?? ["", ""];
      expect(comment).toContain(unit);
    }
  });

  test("still parses with all its commented keys", () => {
    const full = example.replace(/^# (\w+ = )/gm, "$1");
    expect(parseConfig(full.replace('policy = "open"', 'policy = "listed"'), {}).broker.username).toBe(
      "gateway",
    );
  });
});

describe("entropy", () => {
  const chainOf = (text: string) => parametersOf(parseConfig(text, {})).drandChain;

  test("is the operator's word unless a chain is named; then it is quicknet's, or one's own", () => {
    expect(chainOf("")).toBeNull();
    expect(chainOf('[entropy]\nsource = "drand"')).toEqual(QUICKNET);
    const own = ['source = "drand"', `chain_hash = "${"ab".repeat(32)}"`, "chain_period_s = 15"];
    expect(chainOf(`[entropy]\n${own.join("\n")}`)).toMatchObject({ hash: "ab".repeat(32), periodS: 15 });
    const { urls } = parseConfig("", {
      EARSHOT_GATEWAY_ENTROPY__URLS: "https://a.test,http://b.test/relay",
    }).entropy;
    expect(urls).toEqual(["https://a.test", "http://b.test/relay"]);
  });

  test.each([
    ['[entropy]\nsource = "dice"', "entropy.source"],
    ["[entropy]\nurls = []", "entropy.urls"],
    ['[entropy]\nurls = ["ftp://a.test"]', "entropy.urls"],
    [`[entropy]\nurls = [${'"https://a.test", '.repeat(5)}]`, "entropy.urls"],
    ['[entropy]\nchain_hash = "AB"', "entropy.chain_hash"],
    [
      '[entropy]\nsource = "drand"\nchain_period_s = 15',
      "drandChain has the hash of quicknet and another key or time",
    ],
    [
      '[entropy]\nsource = "drand"\n[parameters]\nentropy_period_ms = 10000\nentropy_validity_ms = 20000',
      "entropyPeriodMs is 10000; at least four periods of the drand chain (12000) are needed",
    ],
  ])("%j is refused", (text, told) => {
    expect(() => parseConfig(text, {})).toThrow(told);
  });
});

describe("a bad configuration names key, value and what is allowed", () => {
  const cases: [string, string[]][] = [
    ["[http]\nport = 70000", ["http.port", "70000", "65535"]],
    ['network = "De mo"', ["network", "De mo", "a-z"]],
    [
      '[http]\ntrusted_proxies = ["10.0.0.0/8", "proxy"]',
      ["http.trusted_proxies.1", "proxy", "address/bits"],
    ],
    ["[http]\nmax_connections = 0", ["http.max_connections", "0", "1"]],
    ["[http]\nprot = 1", ["http.prot is not a key; allowed are http.host, "]],
    ['[registration]\npolicy = "all"', ["registration.policy", "all", "open", "listed"]],
    ["[parameters]\nepoch_periods = 7", ["epochPeriods", "7", "360"]],
    ["[parameters]\nmax_gnss_error_m = 7000", ["parameters.max_gnss_error_m", "7000", "6553"]],
    ['[parameters]\nrule_set = "helium-2026"', ["rule_set", "helium-2026", "earshot-1"]],
    ['[parameters]\nrule_set = "luck"', ["rule_set", "luck", "earshot-1"]],
    ["[parameters.regions]\nEU866 = 160", ["EU866", "EU868"]],
    ["[parameters.regions]\nEU868 = 1600", ["EU868", "1600", "600"]],
    ["[parameters]\nversion = 3", ["parameters.version is not a key"]],
    ['[broker]\nhost = "0.0.0.0"', ["open_to_network", "0.0.0.0"]],
    ['[broker]\ntls_cert_file = "a"', ["tls_key_file"]],
    ['[broker]\npassword = "a"', ["broker.username", "broker.password"]],
    ['[broker]\nurl = "http://b"', ["broker.url", "http://b", "mqtts://HOST:PORT"]],
    ['[broker]\nurl = "mqtt://b/topic"', ["broker.url", "mqtt://b/topic", "mqtts://HOST:PORT"]],
    ['[broker]\nurl = "mqtt://user@b"', ["broker.url", "mqtts://HOST:PORT", "broker.username"]],
    ["= 1", ["TOML"]],
  ];
  test.each(cases)("%s", (toml, words) => {
    const message = messageOf(toml);
    for (const word of words) expect(message).toContain(word);
  });
});

test.each([
  '[broker]\nurl = "mqtt://gateway:S3cr3t@b"',
  '[broker]\nurl = "mqtt://gateway%3AS3cr3t%40b"',
  '[broker]\nurl = "mqtt://gateway:S3cr3t@b',
  "[broker]\nusername = 'a'\npassword = ['S3cr3t']",
  "[http]\nadmin_token = 'S3cr3t'",
  "[http]\nmetrics_token = 'S3cr3t'",
  "store_url = 'mysql://root:S3cr3t@db/earshot'",
])("%s: the message does not hold the secret", (toml) => {
  const message = messageOf(toml);
  expect(message.length).toBeGreaterThan(20);
  expect(message).not.toContain("S3cr3t");
});

test("trusted proxies stand in an environment variable with commas", () => {
  const env = { EARSHOT_GATEWAY_HTTP__TRUSTED_PROXIES: "10.0.0.0/8,::1" };
  expect(parseConfig("", env).http.trusted_proxies).toEqual(["10.0.0.0/8", "::1"]);
});

test("the environment overrides the file", () => {
  const env = { EARSHOT_GATEWAY_HTTP__PORT: "9001", EARSHOT_GATEWAY_NETWORK: "testnet-1" };
  const config = parseConfig("[http]\nport = 9000", env);
  expect([config.http.port, config.network]).toEqual([9001, "testnet-1"]);
  expect(messageOf("", { EARSHOT_GATEWAY_HTTP__PORT: "web" })).toContain('http.port is "web"');
});

test("names in the environment that are no keys are ignored, and told", () => {
  const env = {
    EARSHOT_GATEWAY_HTTP__PROT: "1",
    EARSHOT_GATEWAY_HTTP: "x",
    EARSHOT_GATEWAY_NETWORK__NAME: "x",
    // Kubernetes' links to a service called "earshot-gateway".
    EARSHOT_GATEWAY_SERVICE_HOST: "10.43.0.7",
    EARSHOT_GATEWAY_PORT_8080_TCP: "tcp://10.43.0.7:8080",
  };
  const warnings: string[] = [];
  const overriding = { EARSHOT_GATEWAY_PARAMETERS__WINDOW_PERIODS: "60" };
  const config = parseConfig("", { ...env, ...overriding }, { warn: (text) => warnings.push(text) });
  expect(config).toEqual(parseConfig("", overriding));
  expect(config.parameters).toMatchObject({ window_periods: 60 });
  expect(warnings).toEqual([expect.stringContaining(`${Object.keys(env).join(", ")} (no keys`)]);
});
