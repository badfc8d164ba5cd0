import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError, parseConfig } from "./config.ts";
import { gatewaySchema } from "./schema.ts";

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

describe("the example", () => {
  test("gives the defaults", () => {
    expect(parseConfig(example, {})).toEqual(parseConfig("", {}));
  });

  test("names every key", () => {
    const schema = z.toJSONSchema(gatewaySchema, { io: "input", unrepresentable: "any" }) as JsonSchema;
    const keys = keysOf(schema);
    expect(keys.length).toBeGreaterThan(30);
    const missing = keys.filter((key) => !new RegExp(`^(# )?${key} = `, "m").test(example));
    expect(missing).toEqual([]);
  });

  test("still parses with all its commented keys", () => {
    const full = example.replace(/^# (\w+ = )/gm, "$1");
    expect(parseConfig(full.replace('policy = "open"', 'policy = "listed"'), {}).broker.username).toBe(
      "gateway",
    );
  });
});

describe("a bad configuration names key, value and what is allowed", () => {
  const cases: [string, string[]][] = [
    ["[http]\nport = 70000", ["http.port", "70000", "65535"]],
    ['network = "De mo"', ["network", "De mo", "a-z"]],
    ["[http]\nprot = 1", ["http", "prot", "unknown"]],
    ['[registration]\npolicy = "all"', ["registration.policy", "all", "open", "listed"]],
    ["[parameters]\nepoch_periods = 7", ["epochPeriods", "7", "360"]],
    ['[broker]\nhost = "0.0.0.0"', ["open_to_network", "0.0.0.0"]],
    ['[broker]\ntls_cert_file = "a"', ["tls_key_file"]],
    ["= 1", ["TOML"]],
  ];
  test.each(cases)("%s", (toml, words) => {
    const message = messageOf(toml);
    for (const word of words) expect(message).toContain(word);
  });
});

test("the environment overrides the file", () => {
  const env = { EARSHOT_GATEWAY_HTTP__PORT: "9001", EARSHOT_GATEWAY_NETWORK: "testnet-1" };
  const config = parseConfig("[http]\nport = 9000", env);
  expect([config.http.port, config.network]).toEqual([9001, "testnet-1"]);
  expect(messageOf("", { EARSHOT_GATEWAY_HTTP__PORT: "web" })).toContain('http.port is "web"');
});
