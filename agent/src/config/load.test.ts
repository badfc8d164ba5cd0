import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { ConfigError, configKeys } from "@earshot/protocol/runtime/config";
import { configReader, loadConfig, pageOfBrokenText, parseConfig } from "./load.ts";
import { configSchema } from "./schema.ts";

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

interface Paragraph {
  section: string;
  text: string;
}

/**
 * The example with every key that is commented out put in force in the chosen paragraphs. Of sections that show
 * several kinds of device, the kind that is in force gives way.
 */
function withParagraphs(isChosen: (paragraph: Paragraph) => boolean): string {
  let section = "";
  const paragraphs = EXAMPLE.split("\n\n").map((text) => {
    section = /^(?:# \[)?\[(\w+)\]/m.exec(text)?.[1] ?? section;
    return { section, text };
  });
  const chosen = paragraphs.filter(isChosen);
  const replaced = new Set(chosen.map((one) => one.section).filter((one) => ["lora", "gps"].includes(one)));
  return paragraphs
    .map((paragraph) => {
      const { text } = paragraph;
      if (chosen.includes(paragraph)) return text.replaceAll(/^# (\[\[\w+\]\]$|\w+ = )/gm, "$1");
      return replaced.has(paragraph.section) ? text.replaceAll(/^type = .*$/gm, "") : text;
    })
    .join("\n\n");
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
      section = /^(?:# \[)?\[(\w+)\]/.exec(line)?.[1] ?? section;
      const key = /^(?:# )?(\w+) = /.exec(line)?.[1];
      if (key !== undefined) documented.add(section === "" ? key : `${section}.${key}`);
    }
    expect([...documented].sort()).toEqual(
      configKeys(configSchema)
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
      lora: { type: "semtech-udp", listen: { host: "127.0.0.1", port: 1700 }, region: "EU868" },
      gps: { type: "gpsd", host: "127.0.0.1", port: 2947 },
      page: { listen: { host: "127.0.0.1", port: 4480 } },
      outbox: { maxBytes: 16_777_216, maxAgeMs: 2_592_000_000 },
      log: { level: "info", format: "auto" },
    });
    const all = withParagraphs(({ section }) => !["lora", "gps", "sensors"].includes(section));
    expect(load(all)).toMatchObject({
      broker: { files: { ca: "/etc/earshot/ca.pem" } },
      gps: { port: 2947 },
    });
    expect(load(all).core.hotspot.payee).toEqual(new Uint8Array(20));
  });

  test("shows each kind of device as it works", () => {
    const sensors = load(withParagraphs(({ section }) => section === "sensors")).sensors;
    expect(sensors).toEqual([
      {
        ...{ name: "roof-air", type: "pms5003", silenceLimitMs: 30_000 },
        link: { device: "/dev/ttyUSB0", baud: 9600 },
      },
      {
        ...{
          name: "meter",
          type: "modbus",
          unit: 1,
          map: "sdm120",
          periodMs: 10_000,
          silenceLimitMs: 120_000,
        },
        link: { host: "192.168.1.50", port: 502 },
      },
    ]);
    const ubx = load(withParagraphs(({ text }) => text.includes('type = "ubx"')));
    expect(ubx.gps).toEqual({ type: "ubx", device: "/dev/ttyAMA0", baud: 9600, configure: true, rateHz: 1 });
    const station = load(withParagraphs(({ text }) => text.includes('type = "basics-station"')));
    expect(station.lora).toEqual({
      ...{ type: "basics-station", listen: { host: "127.0.0.1", port: 1887 } },
      ...{ region: "EU868", powerDbm: 13, token: "let-me-in" },
      tls: {
        certFile: "/etc/earshot/lns.crt",
        keyFile: "/etc/earshot/lns.pem",
        clientCaFile: "/etc/earshot/stations-ca.crt",
      },
    });
    const isModem = ({ text }: Paragraph) => text.includes('type = "rak3172"');
    const channel = { freqHz: 868_100_000, spreadingFactor: 9, bandwidthHz: 125_000 };
    const modem = { maxPowerDbm: 13, baud: 115_200, ...channel };
    const rylr = withParagraphs(isModem).replace('type = "rak3172"', 'type = "rylr998"');
    expect(load(rylr).lora).toMatchObject({ type: "rylr998", ...modem, networkId: 18, address: 0 });
    const rak = withParagraphs(isModem).replace(/^network_id.*\naddress.*$/m, "");
    expect(load(rak).lora).toMatchObject({ type: "rak3172", ...modem });
  });
});

describe("a bad configuration names the key, the value and what is allowed", () => {
  const cases: [line: RegExp, by: string, problem: string][] = [
    [/region = .*/, 'region = "EU999"', 'hotspot.region is "EU999"; allowed is one of "EU868", "US915"'],
    [/latitude = .*/, "latitude = 91", "hotspot.latitude is 91; allowed is a number from -90 to 90"],
    [/latitude = .*/, 'latitude = "47"', 'hotspot.latitude is "47"; allowed is a number from -90 to 90'],
    [/latitude = .*/, "", "hotspot.latitude is missing; allowed is a number from -90 to 90"],
    [/latitude = .*/, "latitude = nan", "hotspot.latitude is NaN; allowed is a number from -90 to 90"],
    [
      /url = .*/,
      'url = "http://x"',
      'broker.url is "http://x"; allowed is mqtt://HOST:PORT or mqtts://HOST:PORT',
    ],
    [/# mqtt_version = .*/, "mqtt_version = 4", 'broker.mqtt_version is 4; allowed is one of "5", "3.1.1"'],
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
    [/type = "gpsd"/, 'type = "gps"', 'gps.type is "gps"; allowed is one of "nmea", "ubx", "gpsd", "none"'],
    [
      /^type = "semtech-udp"/m,
      'type = "sx1302"',
      'lora.type is "sx1302"; allowed is one of "semtech-udp", "basics-station", "rak3172", "rylr998", "rn2483"',
    ],
    [/^type = "semtech-udp"/m, 'type = "rn2483"', "lora.device is missing; allowed is a path"],
    [/^type = "semtech-udp"/m, 'type = "basics-station"\ncert_file = "a"', "belong together"],
    [/^type = "gpsd"/m, 'type = "ubx"\ndevice = "/dev/x"\nrate_hz = 30', "gps.rate_hz is 30; allowed is"],
    [/# health = true/, "health = 1", "machine.health is 1; allowed is true or false"],
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

  test.each([
    [/url = .*/, 'url = "mqtt://operator:S3cr3t@broker.example.net"'],
    [/url = .*/, 'url = "mqtt://operator:S3cr3t@broker.example.net'],
    [/# token = .*/, "token = ['S3cr3t']"],
    [/# token = .*/, "token = 'S3cr3t"],
  ])("%s, %s: no message holds the secret", (line, by) => {
    const told = problems(
      changed(line, by).replace(/^type = "semtech-udp"/m, 'type = "basics-station"'),
    ).join("\n");
    expect(told).not.toContain("S3cr3t");
    expect(told).toMatch(
      /(broker\.url is not shown|lora\.token is a list)|not TOML: .* \(line \d+, column \d+\)/,
    );
  });

  test("nor does one about the environment", () => {
    const environment = { EARSHOT_AGENT_BROKER_URL: "mqtt://operator:S3cr3t@broker.example.net" };
    expect(() => load(EXAMPLE, environment)).toThrow(
      /^broker\.url is not shown, as it may hold a secret; allowed is/,
    );
  });

  const sensors: [toml: string, problem: string][] = [
    ['type = "dht22"', 'sensors.0.type is "dht22"; allowed is one of "modbus", "pms5003"'],
    ['type = "sps30"', "sensors.0 has neither device nor host; allowed is device, or host and port"],
    ['type = "sps30"\ndevice = "/dev/a"\nhost = "b"', "sensors.0 has both device and host"],
    ['type = "sps30"\nhost = "b"', "sensors.0.port is missing; allowed is a whole number from 1 to 65535"],
    ['type = "sps30"\nhost = "b"\nport = 1\nbaud = 9600', "sensors.0.baud is 9600; allowed only with device"],
    ['type = "sps30"\ndevice = "/dev/a"\nunit = 1', "sensors.0.unit is not a key; allowed are sensors.name"],
    [
      'type = "modbus"\ndevice = "/dev/a"\nmap = "sdm1"',
      'sensors.0.map is "sdm1"; allowed is one of "sdm120"',
    ],
    [
      'type = "modbus"\ndevice = "/dev/a"\nmap = "sdm120"\nunit = 0',
      "sensors.0.unit is 0; allowed is a whole",
    ],
    [
      'name = "gps"\ntype = "sps30"',
      'sensors.0.name is "gps"; allowed is 1 to 32 of a-z, 0-9 and -, other than',
    ],
    [
      'type = "sps30"\ndevice = "/dev/a"\n[[sensors]]\nname = "air"\ntype = "sds011"\ndevice = "/dev/b"',
      'sensors.1.name is "air"; allowed is a name that no other has',
    ],
    [
      'type = "sps30"\ndevice = "/dev/a"\n[[sensors]]\nname = "b"\ntype = "sds011"\ndevice = "/dev/a"',
      'sensors.1.device is "/dev/a"; allowed is a port of its own: sensors.0 has this one',
    ],
  ];
  for (const [toml, problem] of sensors) {
    test(problem, () => {
      const name = toml.startsWith("name") ? "" : 'name = "air"\n';
      expect(problems(`${EXAMPLE}\n[[sensors]]\n${name}${toml}`).join("\n")).toContain(problem);
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

describe("a problem never shows a secret", () => {
  const SECRET = "S3cr3t";
  const cases: [name: string, toml: string][] = [
    ["a login in the URL of another scheme", changed(/url = .*/, `url = "http://me:${SECRET}@host"`)],
    ["a login without a scheme", changed(/url = .*/, `url = "me:${SECRET}@host:1883"`)],
    ["a login with @ and / in it", changed(/url = .*/, `url = "ftp://me:p@a/${SECRET}@host"`)],
    [
      "a token of a wrong kind",
      changed(/^type = "semtech-udp"/m, `type = "basics-station"\ntoken = ["${SECRET}"]`),
    ],
    ["a key that is none", changed(/\[broker\]/, `[broker]\npassword = "${SECRET}"`)],
    [
      "a section that is a text",
      changed(/\[broker\]/, `[x]`).replace(/^/, `broker = "mqtt://me:${SECRET}@host"\n`),
    ],
    ["a section that is a list", changed(/\[lora\]/, `[[lora]]\ntoken = "${SECRET}"`)],
    ["a line that is no TOML", changed(/url = .*/, `url = "mqtt://me:${SECRET}@host`)],
    ["a line after one that is no TOML", changed(/url = .*/, `url = \npassword = "${SECRET}"`)],
  ];
  test.each(cases)("%s", (_, toml) => {
    const told = problems(toml).join("\n");
    expect(told).not.toBe("");
    expect(told).not.toContain(SECRET);
  });
});

describe("where the page is, of a configuration with problems", () => {
  const pageOf = (toml: string, environment = {}) => {
    expect(problems(toml, environment)).not.toEqual([]);
    return pageOfBrokenText(toml, { file: "agent.toml", environment });
  };
  const listen = (host: string) => expect.objectContaining({ listen: { host, port: 4480 } });
  const everywhere = EXAMPLE.replace('# listen = "127.0.0.1:4480"', 'listen = "0.0.0.0:4480" # all');

  test("it is read beside wrong values, and of the rest of what is no TOML", () => {
    expect(pageOf(everywhere.replace('EU868"', 'XX"'))).toEqual(listen("0.0.0.0"));
    expect(pageOf(everywhere.replace("[broker]", "[broker"))).toEqual(listen("0.0.0.0"));
    expect(pageOf(everywhere.replace('"0.0.0.0:4480" # all', '"off"').replace("[broker]", "[broker"))).toBe(
      "off",
    );
    const environment = { EARSHOT_AGENT_PAGE_LISTEN: "10.0.0.1:4480" };
    expect(pageOf(everywhere.replace("[broker]", "[broker"), environment)).toEqual(listen("10.0.0.1"));
  });

  test("it is the usual where the section is not there, and not known where it cannot be read", () => {
    expect(pageOf(EXAMPLE.replace("[page]", "[pag]"))).toEqual(listen("127.0.0.1"));
    expect(pageOf("\0".repeat(4096))).toBeUndefined();
    expect(pageOf(everywhere.replace('"0.0.0.0:4480" # all', '"everywhere"'))).toBeUndefined();
  });
});

describe("the environment", () => {
  test("overrides text and numbers, also in sections that the file lacks", () => {
    const config = load(EXAMPLE, {
      EARSHOT_AGENT_BROKER_URL: "mqtt://10.0.0.1",
      EARSHOT_AGENT_HOTSPOT_LATITUDE: "-33.5",
      EARSHOT_AGENT_STATE_DIR: "/tmp/x",
      EARSHOT_AGENT_GPS_PORT: "2948",
      EARSHOT_AGENT_MACHINE_HEALTH: "false",
      PATH: "/bin",
    });
    expect(config).toMatchObject({
      broker: { url: "mqtt://10.0.0.1" },
      stateDir: "/tmp/x",
      gps: { port: 2948 },
      machine: { health: false },
    });
    expect(config.core.hotspot.latE7).toBe(-335_000_000);
  });

  test("is checked like the file", () => {
    expect(problems(EXAMPLE, { EARSHOT_AGENT_HOTSPOT_LATITUDE: "north" })[0]).toContain(
      'hotspot.latitude is "north"',
    );
  });

  test("may have names that are no keys: they are ignored, and reported by name, not by value", () => {
    const warnings: string[] = [];
    const environment = {
      EARSHOT_AGENT_BROKER_HOST: "s3cret",
      EARSHOT_AGENT_SENSORS_NAME: "x",
      // Kubernetes' links to services called "earshot-agent" and "earshot-agent-gps".
      EARSHOT_AGENT_PORT: "tcp://10.43.0.7:4480",
      EARSHOT_AGENT_SERVICE_HOST: "10.43.0.7",
      EARSHOT_AGENT_GPS_PORT: "tcp://10.43.0.8:2947",
      EARSHOT_AGENT_GPS_HOST: "gps.local",
    };
    const options = { file: "agent.toml", environment, warn: (text: string) => void warnings.push(text) };
    expect(parseConfig(EXAMPLE, options).gps).toEqual({ type: "gpsd", host: "gps.local", port: 2947 });
    const { EARSHOT_AGENT_GPS_HOST: _, ...ignored } = environment;
    expect(warnings).toEqual([expect.stringContaining(`${Object.keys(ignored).join(", ")} (no keys`)]);
    expect(warnings[0]).not.toContain("s3cret");
  });

  test("has one name for each key", () => {
    const names = configKeys(configSchema)
      .filter(({ isRepeated }) => !isRepeated)
      .map((key) => configReader.environmentName(key));
    expect(new Set(names).size).toBe(names.length);
  });
});
