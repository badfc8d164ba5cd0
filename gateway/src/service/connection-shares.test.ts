import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import fc from "fast-check";
import { parseConfig } from "../config/config.ts";
import { connectionLimits, descriptorLimit, RESERVED_DESCRIPTORS } from "./connection-shares.ts";

const config = (http: number, broker: number, rest = "") =>
  parseConfig(`[http]\nmax_connections = ${http}\n[broker]\nmax_connections = ${broker}\n${rest}`, {});

test("where there are enough descriptors, both have what is configured", () => {
  expect(connectionLimits(20_000, config(1000, 10_000))).toEqual({ http: 1000, broker: 10_000 });
  expect(connectionLimits(undefined, config(1000, 10_000))).toEqual({ http: 1000, broker: 10_000 });
});

test("where there are not, hotspots have the most of them, and the log is told", () => {
  const { problem, ...shares } = connectionLimits(1024, config(1000, 10_000));
  expect(shares).toEqual({ http: 224, broker: 672 });
  for (const word of ["1024", "http.max_connections = 1000", "10000", "224", "672", "ulimit -n"]) {
    expect(problem).toContain(word);
  }
  const elsewhere = '[registration]\npolicy = "listed"\n';
  const external = parseConfig(
    `[broker]\nurl = "mqtt://b"\n[http]\nmax_connections = 2000\n${elsewhere}`,
    {},
  );
  expect(connectionLimits(1024, external)).toMatchObject({ http: 896, broker: 0 });
});

test("whatever is configured, the two together never take the last descriptor", () => {
  const many = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(fc.integer({ min: 256, max: 200_000 }), many, many, (descriptors, http, broker) => {
      const shares = connectionLimits(descriptors, config(http, broker));
      expect(shares.http + shares.broker).toBeLessThanOrEqual(descriptors - RESERVED_DESCRIPTORS);
      expect(shares.http).toBeWithin(1, http + 1);
      expect(shares.broker).toBeWithin(1, broker + 1);
    }),
  );
});

test("the limit is that of this process", async () => {
  const limit = await descriptorLimit();
  if (process.platform !== "linux") return expect(limit).toBeUndefined();
  expect(limit).toBeGreaterThan((await readdir("/proc/self/fd")).length);
});
