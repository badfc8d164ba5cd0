import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { configKeys, environmentName } from "./keys.ts";
import { ConfigError, loadConfig, parseConfig } from "./load.ts";

const EXAMPLE = readFileSync(new URL("../../config.example.toml", import.meta.url), "utf8");
const load = (toml: string, environment = {}) =>
  parseConfig(toml, { file: "/etc/earshot/agent.toml", environment });

function problems(toml: string, environment = {}): readonly string[] {
  try {
    load(toml, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The example with one line replaced. */
function changed(line: RegExp, by: string): string {
  expect(EXAMPLE).toMatch(line);
  return EXAMPLE.replace(line, by);
}

describe("the example", () => {
  test("documents every key, in its section", () => {
    const documented = new Set<string>();
    let section = "";
    for (const line of EXAMPLE.split("\n")) {
      section = /^\[(\w+)\]/.exec(line)?.[1] ?? section;
      const key = /^(?:# )?(\w+) = /.exec(line)?.[1];
      if (key !== undefined) documented.add(section === "" ? key : `${section}.${key}`);
    }
    expect([...documented].sort()).toEqual(
      configKeys()
        .map(({ path }) => path.join("."))
        .sort(),
    );
  });

  test("is a valid configuration, also with every optional key", () => {
    expect(load(EXAMPLE)).toMatchObject({
      core: {
        network: { name: "testnet-1" },
        hotspot: {
          latE7: 473_667_000,
          lonE7: 85_500_000,
          elevationM: 12,
          antennaGainDdbi: 30,
          region: "EU868",
          payee: null,
        },
        maxPowerDbm: 27,
        statusPeriodMs: 60_000,
        readingPeriodMs: 300_000,
      },
      stateDir: "/var/lib/earshot",
      keyFile: "/var/lib/earshot/hotspot.key",
      broker: { url: "mqtts://broker.example.org:8883" },
      lora: { type: "semtech-udp", listen: { host: "127.0.0.1", port: 1700 } },
      gps: { type: "gpsd", host: "127.0.0.1", port: 2947 },
      page: { listen: { host: "127.0.0.1", port: 4480 } },
      outbox: { maxBytes: 16_777_216, maxAgeMs: 2_592_000_000 },
      logLevel: "info",
    });
    const all = EXAMPLE.replaceAll(/^# (?!device|baud)(\w+ = )/gm, "$1");
    expect(load(all)).toMatchObject({ broker: { caFile: "/etc/earshot/ca.pem" }, gps: { port: 2947 } });
    expect(load(all).core.hotspot.payee).toEqual(new Uint8Array(20));
  });
});

describe("a bad configuration names the key, the value and what is allowed", () => {
  const cases: [line: RegExp, by: string, problem: string][] = [
    [/region = .*/, 'region = "EU999"', 'hotspot.region is "EU999"; allowed is one of "EU868", "US915"'],
    [/latitude = .*/, "latitude = 91", "hotspot.latitude is 91; allowed is a number from -90 to 90"],
    [/latitude = .*/, 'latitude = "47"', 'hotspot.latitude is "47"; allowed is a number from -90 to 90'],
    [/latitude = .*/, "", "hotspot.latitude is missing; allowed is a number from -90 to 90"],
    [/latitude = .*/, "latitude = nan", "hotspot.latitude is null; allowed is a number from -90 to 90"],
    [
      /url = .*/,
      'url = "http://x"',
      'broker.url is "http://x"; allowed is mqtt://HOST:PORT or mqtts://HOST:PORT',
    ],
    [/name = .*/, 'name = "Test Net"', 'network.name is "Test Net"; allowed is 1 to 32 of a-z, 0-9 and -'],
    [
      /public_key = .*/,
      'public_key = "d75a"',
      'network.public_key is "d75a"; allowed is the network\'s public key',
    ],
    [
      /# listen = "127.0.0.1:1700"/,
      'listen = "1700"',
      'lora.listen is "1700"; allowed is an address such as',
    ],
    [/type = "gpsd"/, 'type = "gps"', 'gps.type is "gps"; allowed is one of "nmea", "gpsd", "none"'],
    [/type = "gpsd"/, 'type = "nmea"', "gps.device is missing; allowed is a path"],
    [/# max_bytes = .*/, "max_bytes = 1.5", "outbox.max_bytes is 1.5; allowed is a whole number from"],
    [/# payee = .*/, 'payee = "0x12"', 'hotspot.payee is "0x12"; allowed is an EVM address'],
    [/elevation_m = /, "elevation = ", "hotspot.elevation is not a key; allowed are hotspot.latitude"],
    [/\[broker\]/, "[brokre]", "the section [broker] is missing"],
  ];
  for (const [line, by, problem] of cases) {
    test(problem, () => {
      expect(problems(changed(line, by)).join("\n")).toContain(problem);
    });
  }

  test("all problems at once", () => {
    expect(problems(changed(/latitude = .*/, "latitude = 91").replace('EU868"', 'XX"'))).toHaveLength(2);
  });

  test("what is not TOML, with the place", () => {
    expect(problems("[network\nname = 1")[0]).toContain("/etc/earshot/agent.toml is not TOML");
  });

  test("a client certificate without its key", () => {
    expect(problems(changed(/# cert_file/, "cert_file"))[0]).toContain("belong together");
  });

  test("a file that is not there", () => {
    expect(() => loadConfig("/nonexistent/agent.toml", {})).toThrow(/Cannot read the configuration/);
  });
});

describe("the environment", () => {
  test("overrides text and numbers, also in sections that the file lacks", () => {
    const config = load(EXAMPLE, {
      EARSHOT_AGENT_BROKER_URL: "mqtt://10.0.0.1",
      EARSHOT_AGENT_HOTSPOT_LATITUDE: "-33.5",
      EARSHOT_AGENT_STATE_DIR: "/tmp/x",
      EARSHOT_AGENT_GPS_PORT: "2948",
      PATH: "/bin",
    });
    expect(config).toMatchObject({
      broker: { url: "mqtt://10.0.0.1" },
      stateDir: "/tmp/x",
      gps: { port: 2948 },
    });
    expect(config.core.hotspot.latE7).toBe(-335_000_000);
  });

  test("is checked like the file", () => {
    expect(problems(EXAMPLE, { EARSHOT_AGENT_HOTSPOT_LATITUDE: "north" })[0]).toContain(
      'hotspot.latitude is "north"',
    );
    expect(problems(EXAMPLE, { EARSHOT_AGENT_BROKER_HOST: "x" })[0]).toContain(
      "EARSHOT_AGENT_BROKER_HOST is set",
    );
  });

  test("has one name for each key", () => {
    const names = configKeys().map(environmentName);
    expect(new Set(names).size).toBe(names.length);
  });
});
