import { describe, expect, test } from "bun:test";
import { parseOptions, type RunOptions } from "./options.ts";

const optionsOf = (...args: string[]): RunOptions => {
  const parsed = parseOptions(args);
  if (!parsed.ok || parsed.shown !== undefined) throw new Error("not parsed");
  return parsed.options;
};

const problemOf = (...args: string[]): string => {
  const parsed = parseOptions(args);
  return parsed.ok ? "" : parsed.problem;
};

describe("parseOptions", () => {
  test("the demo: 24 hotspots in Denver on free ports until stopped, seed by chance", () => {
    const options = optionsOf("demo");
    expect(options).toMatchObject({ isVirtual: false, hotspots: 24, httpPort: 0, mqttPort: 0 });
    expect(options.city).toMatchObject({ name: "Denver", region: "US915" });
    expect([options.epochs, options.seed, options.stateDir]).toEqual([undefined, undefined, undefined]);
  });

  test("takes what is given; virtual time always ends", () => {
    const line = "fleet --virtual --hotspots 12 --epochs 3 --seed 7 --city berlin --state /tmp/x";
    expect(optionsOf(...line.split(" "))).toMatchObject({
      isVirtual: true,
      hotspots: 12,
      epochs: 3,
      seed: 7,
      city: { name: "Berlin", region: "EU868" },
      stateDir: "/tmp/x",
    });
    expect(optionsOf("fleet", "--virtual").epochs).toBe(2);
  });

  test("a region finds its city, or its rules are taken to the city given", () => {
    expect(optionsOf("fleet", "--region", "AU915").city.name).toBe("Sydney");
    expect(optionsOf("fleet", "--city", "berlin", "--region", "EU433").city).toMatchObject({
      name: "Berlin",
      region: "EU433",
    });
  });

  test("a problem names the value and what is allowed", () => {
    expect(problemOf("fly")).toBe('Unknown command "fly"; allowed are demo and fleet');
    expect(problemOf("demo", "--hotspots", "0")).toContain('"0"; whole numbers from 1 to 1000');
    for (const bad of ["", "x", "1.5", "-1", "1e3", "4294967296"]) {
      expect(problemOf("demo", `--seed=${bad}`)).toContain(`--seed is "${bad}"`);
    }
    expect(problemOf("demo", "--hotspots")).toContain("--hotspots");
    expect(problemOf("demo", "--speed", "9")).toContain("--speed");
    expect(problemOf("demo", "extra")).toContain("extra");
    expect(problemOf("demo", "--city", "atlantis")).toContain("denver (US915)");
    expect(problemOf("demo", "--city", "toString")).toContain("denver (US915)");
    expect(problemOf("demo", "--region", "MARS1")).toContain("US915");
    expect(problemOf("demo", "--region", "EU433")).toContain("no city");
    expect(problemOf("demo", "--virtual")).toContain("--virtual");
    expect(problemOf("fleet", "--virtual", "--http-port", "80")).toContain("--http-port");
  });

  test("asks for help, or for the version", () => {
    expect(parseOptions([])).toEqual({ ok: true, shown: "help" });
    expect(parseOptions(["demo", "-h"])).toEqual({ ok: true, shown: "help", command: "demo" });
    expect(parseOptions(["--version"])).toEqual({ ok: true, shown: "version" });
    expect(parseOptions(["fleet", "--version"])).toEqual({ ok: true, shown: "version", command: "fleet" });
  });
});
