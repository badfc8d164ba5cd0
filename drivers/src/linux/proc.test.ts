import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseCores, parseLoad1min, parseMemory, parseUptimeS, parseWireless } from "./proc.ts";

test.each([
  ["0.42 0.37 0.33 1/123 4567\n", 0.42],
  ["128.00 90.11 70.02 5/999 1\n", 128],
  ["", null],
  ["nan 0 0", null],
  ["1e9 0 0", null],
  [undefined, null],
])("load %j is %d", (text, load) => expect(parseLoad1min(text)).toBe(load));

test("uptime and cores", () => {
  expect(parseUptimeS("18890.43 29009.52\n")).toBe(18_890.43);
  expect(parseUptimeS("-1 0")).toBeNull();
  expect(parseCores("cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n")).toBe(2);
  expect(parseCores("")).toBeNull();
  expect(parseCores(undefined)).toBeNull();
});

test("memory, with and without MemAvailable", () => {
  const text = "MemTotal:         948304 kB\nMemFree:           63216 kB\nMemAvailable:     585412 kB\n";
  expect(parseMemory(text)).toEqual({ totalBytes: 971_063_296, availableBytes: 599_461_888 });
  expect(parseMemory("MemTotal:  10 kB\n")).toEqual({ totalBytes: 10_240, availableBytes: null });
  expect(parseMemory("MemTotal:  ten kB\n")).toEqual({ totalBytes: null, availableBytes: null });
  expect(parseMemory(undefined)).toEqual({ totalBytes: null, availableBytes: null });
});

const HEADING = `Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
`;

describe("/proc/net/wireless", () => {
  test.each([
    [" wlan0: 0000   58.  -52.  -256        0      0      0      0     84        0", "wlan0", 83, -52],
    ["wlan0: 0000   70   -40   -256   0 0 0 0 0 0", "wlan0", 100, -40],
    ["  wlp3s0: 0000   35.  204.  161.   0 0 0 0 0 0", "wlp3s0", 50, -52],
    ["  wlan1: 0000   100.  0.  0.   0 0 0 0 0 0", "wlan1", null, null],
  ])("%s", (line, name, qualityPercent, signalDbm) => {
    expect([...parseWireless(HEADING + line)]).toEqual([[name, { qualityPercent, signalDbm }]]);
  });

  test("nothing but the heading, or no file: no links", () => {
    expect(parseWireless(HEADING).size).toBe(0);
    expect(parseWireless(undefined).size).toBe(0);
  });
});

test("any text makes numbers or null", () =>
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const parse of [parseLoad1min, parseUptimeS, parseCores]) {
        const value = parse(text);
        expect(value === null || (Number.isFinite(value) && value >= 0)).toBe(true);
      }
      parseMemory(text);
      parseWireless(text);
    }),
  ));
