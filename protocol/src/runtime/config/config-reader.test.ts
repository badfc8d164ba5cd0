import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { flag, oneOf, path, textThat, wholeIn } from "./config-fields.ts";
import { ConfigError, checkValue } from "./config-problems.ts";
import { ConfigReader, readConfigFile } from "./config-reader.ts";

const schema = z.strictObject({
  state_dir: path.default("state"),
  page: z.strictObject({ port: wholeIn(1, 65_535).default(80), open: flag.default(false) }).prefault({}),
  login: z
    .strictObject({ password: textThat((value) => value.length > 3, "more than 3 characters") })
    .optional(),
  device: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("none") }),
    z.strictObject({ type: z.literal("serial"), baud: wholeIn(1200, 9600) }),
  ]),
  names: z.array(oneOf(["a", "b"])).default([]),
  regions: z.record(z.string(), z.int()).default({}),
});
const ONE = 'device.type = "none"\n';

const reader = new ConfigReader(schema, { prefix: "P_", separator: "__" });
const read = (toml: string, environment = {}, warn?: (message: string) => void) =>
  reader.read(toml, { file: "p.toml", environment, warn });

function problems(toml: string, environment = {}): readonly string[] {
  try {
    read(toml, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("the environment", () => {
  test("overrides keys as their kind of value, also in sections that the file lacks", () => {
    const environment = {
      P_STATE_DIR: "7",
      P_PAGE__PORT: "81",
      P_PAGE__OPEN: "true",
      P_DEVICE__TYPE: "serial",
    };
    expect(read("[device]\nbaud = 9600", environment)).toMatchObject({
      state_dir: "7",
      page: { port: 81, open: true },
      device: { type: "serial", baud: 9600 },
    });
    expect(problems(ONE, { P_PAGE__PORT: "" })).toEqual([
      'page.port is ""; allowed is a whole number from 1 to 65535',
    ]);
  });

  test("is told what of it is ignored: no keys, what no name is for, links to a service", () => {
    const ignored = {
      P_PAGE: "x",
      P_PAGE_PORT: "81",
      P_NAMES: "a",
      P_REGIONS__EU868: "5",
      P_PAGE__PORT: "tcp://10.43.0.7:80",
    };
    const warnings: string[] = [];
    expect(read(ONE, { ...ignored, OTHER: "x" }, (text) => warnings.push(text))).toEqual(read(ONE));
    expect(warnings).toEqual([expect.stringContaining(`: ${Object.keys(ignored).join(", ")} (`)]);
    expect(read(ONE, ignored)).toEqual(read(ONE));
  });
});

describe("a problem", () => {
  test.each([
    ["a value", `${ONE}[page]\nport = 0`, "page.port is 0; allowed is a whole number from 1 to 65535"],
    ["a value of a list", `${ONE}names = ["a", "c"]`, 'names.1 is "c"; allowed is one of "a", "b"'],
    ["a missing section", "", "the section [device] is missing"],
    [
      "a missing key",
      'device.type = "serial"',
      "device.baud is missing; allowed is a whole number from 1200 to 9600",
    ],
    ["an unknown key", `${ONE}page.prot = 1`, "page.prot is not a key; allowed are page.port, page.open"],
    [
      "a list in place of a section",
      `${ONE}[[page]]\nport = 1`,
      "page is a list; allowed is a section, [page]",
    ],
    [
      "a secret",
      `${ONE}login.password = "abc"`,
      "login.password is not shown, as it may hold a secret; allowed is more than 3 characters",
    ],
  ])("with %s", (_, toml, problem) => expect(problems(toml)).toEqual([problem]));

  test("of what is no TOML names the place, and not what stands there", () => {
    const [problem = ""] = problems('page.port = 1\npassword = "S3cr3t');
    expect(problem).toStartWith("p.toml is not TOML: ");
    expect(problem).toMatch(/\(line 2, column \d+\)$/);
    expect(problem).not.toContain("S3cr3t");
  });

  test("of a whole names no key", () => {
    const list = z.array(z.int(), { error: "a list of numbers" });
    expect(() => checkValue(list, {})).toThrow("it is a table; allowed is a list of numbers");
  });
});

test("a file that is not there is no fault of what is written in it, one that is may be unreadable", () => {
  const errorOf = (file: string): unknown => {
    try {
      return readConfigFile(file);
    } catch (error) {
      return error;
    }
  };
  expect(errorOf("/nowhere/p.toml")).toMatchObject({
    message: "Cannot read the configuration: /nowhere/p.toml: there is no such file",
    isUnreadable: false,
  });
  expect(errorOf("/dev")).toMatchObject({ name: "ConfigError", isUnreadable: true });
});
