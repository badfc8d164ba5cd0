import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  parseCarrier,
  parseCpuTemperatureC,
  parseLifeUsedPercent,
  parseReserve,
  parseSpeedMbps,
  parseThrottled,
  parseVoltAlarm,
  parseWrittenBytes,
} from "./sys.ts";

test.each<[string, [string | undefined, string | undefined][], number | null]>([
  ["a Raspberry Pi", [["cpu-thermal\n", "48312\n"]], 48.312],
  [
    "a PC",
    [
      ["acpitz\n", "27800\n"],
      ["x86_pkg_temp\n", "61000\n"],
      ["iwlwifi_1\n", "75000\n"],
    ],
    61,
  ],
  [
    "a Rockchip",
    [
      ["soc-thermal\n", "50555\n"],
      ["gpu-thermal\n", "52000\n"],
    ],
    50.555,
  ],
  ["the only one, whatever its name", [["mtktscpu0_odd\n", "45000\n"]], 45],
  ["an old kernel in whole degrees", [["cpu_thermal", "47"]], 47],
  [
    "one that is off",
    [
      ["cpu-thermal", "0"],
      ["cpu-thermal", "-273200"],
    ],
    null,
  ],
  [
    "several, none the processor's",
    [
      ["battery", "30000"],
      ["iwlwifi_1", "40000"],
    ],
    null,
  ],
  [
    "nonsense",
    [
      ["cpu", "warm"],
      ["cpu", undefined],
      [undefined, ""],
    ],
    null,
  ],
  ["none", [], null],
])("temperature of %s", (_title, zones, degrees) => {
  expect(parseCpuTemperatureC(zones.map(([type, temperature]) => ({ type, temperature })))).toBe(degrees);
});

test("bytes written, in kernels with 11, 15 and 17 numbers", () => {
  const text =
    "  555311    47712 21766954   687258  3599707   283266 133865504  3220299        0   231172  3962958";
  expect(parseWrittenBytes(text)).toBe(133_865_504 * 512);
  expect(parseWrittenBytes(`${text} 230088 78 24256352 26998 351925 28403\n`)).toBe(133_865_504 * 512);
  expect(parseWrittenBytes("1 2 3\n")).toBeNull();
  expect(parseWrittenBytes(undefined)).toBeNull();
});

test.each([
  ["0x01 0x02\n", 20],
  ["0x0b 0x01\n", 110],
  ["0x00 0x00\n", null],
  ["0xff 0x03\n", 30],
  ["", null],
  [undefined, null],
])("life %j is %d %% used", (text, percent) => expect(parseLifeUsedPercent(text)).toBe(percent));

test.each([
  ["0x01\n", "normal"],
  ["0x02\n", "warning"],
  ["0x03\n", "urgent"],
  ["0x00\n", null],
  ["0x07\n", null],
  ["bad", null],
  [undefined, null],
] as const)("reserve %j is %s", (text, reserve) => expect(parseReserve(text)).toBe(reserve));

test.each([
  ["0\n", false, false, false],
  ["50000\n", false, true, false],
  ["0x50005\n", true, true, true],
  ["throttled=0x80008\n", false, false, true],
  ["", null, null, null],
  ["what", null, null, null],
  [undefined, null, null, null],
] as const)("get_throttled %j", (text, underVoltage, underVoltageOccurred, throttled) => {
  expect(parseThrottled(text)).toEqual({ underVoltage, underVoltageOccurred, throttled });
});

test("the voltage alarm, the carrier and the speed", () => {
  expect(
    [parseVoltAlarm("1\n"), parseVoltAlarm("0\n"), parseVoltAlarm("x")].map((each) => each.underVoltage),
  ).toEqual([true, false, null]);
  expect([parseCarrier("1\n"), parseCarrier("0\n"), parseCarrier(undefined)]).toEqual([true, false, null]);
  expect([
    parseSpeedMbps("1000\n"),
    parseSpeedMbps("-1\n"),
    parseSpeedMbps("0\n"),
    parseSpeedMbps(undefined),
  ]).toEqual([1000, null, null, null]);
});

test("any text makes a value or null", () =>
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const degrees = parseCpuTemperatureC([{ type: text, temperature: text }]);
      expect(degrees === null || Number.isFinite(degrees)).toBe(true);
      for (const parse of [parseWrittenBytes, parseLifeUsedPercent, parseSpeedMbps]) {
        const value = parse(text);
        expect(value === null || value >= 0).toBe(true);
      }
      parseThrottled(text);
      parseReserve(text);
    }),
  ));
