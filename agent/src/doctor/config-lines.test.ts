import { describe, expect, test } from "bun:test";
import {
  type FoundDevice,
  METER_MAPS,
  type MeterMapName,
  RADIOS,
  RECEIVERS,
  SENSORS,
} from "@earshot/drivers";
import type { Config } from "../config/config.ts";
import { configWith } from "../testing/config-with.ts";
import { configLines, type Reachable } from "./config-lines.ts";

const found = (type: string, more: Partial<FoundDevice> = {}, path = "/dev/ttyUSB0", baudRate = 9600) => ({
  device: { type, description: `a ${type}`, ...more },
  path,
  baudRate,
});

const configOf = (reachable: Partial<Reachable>): Config =>
  configWith(configLines({ devices: [], hasGpsd: false, ...reachable }));

describe("each kind of device makes lines that the configuration takes as they are", () => {
  const serial = (kinds: readonly { type: string; keys: object }[]) =>
    kinds.filter(({ keys }) => "device" in keys).map(({ type }) => type);

  test.each(serial(RECEIVERS))("%s", (type) => {
    const { gps } = configOf({ devices: [found(type, {}, "/dev/ttyAMA0", 38_400)] });
    expect(gps).toMatchObject({ type, device: "/dev/ttyAMA0", baud: 38_400 });
  });

  test.each(serial(RADIOS))("%s", (type) => {
    const { lora } = configOf({ devices: [found(type, {}, "/dev/ttyUSB3", 57_600)] });
    expect(lora).toMatchObject({ type, device: "/dev/ttyUSB3", baud: 57_600, spreadingFactor: 9 });
  });

  test.each(SENSORS.map(({ type }) => type).filter((type) => type !== "modbus"))("%s", (type) => {
    const { sensors } = configOf({ devices: [found(type, {}, "/dev/ttyUSB0", 4800)] });
    expect(sensors).toMatchObject([{ name: type, type, link: { device: "/dev/ttyUSB0", baud: 4800 } }]);
  });

  test.each(Object.keys(METER_MAPS) as MeterMapName[])("modbus %s", (map) => {
    const { sensors } = configOf({ devices: [found("modbus", { unit: 1, map }, "/dev/ttyUSB0", 2400)] });
    expect(sensors).toMatchObject([{ name: "meter", type: "modbus", unit: 1, map, link: { baud: 2400 } }]);
  });

  test("gpsd, packet forwarder and Basics Station", () => {
    expect(configOf({ hasGpsd: true }).gps).toMatchObject({ type: "gpsd", port: 2947 });
    const listenOf = (from: string) => configOf({ forwarder: { from, port: 1700 } }).lora;
    expect(listenOf("127.0.0.1")).toMatchObject({
      type: "semtech-udp",
      listen: { host: "127.0.0.1", port: 1700 },
    });
    expect(listenOf("192.168.1.7")).toMatchObject({ listen: { host: "0.0.0.0", port: 1700 } });
    expect(configOf({ hasStation: true }).lora).toMatchObject({
      type: "basics-station",
      listen: { port: 1887 },
    });
  });
});

test("nothing found, nothing to paste; what nothing here reads is left out", () => {
  expect(configLines({ devices: [], hasGpsd: false })).toBe("");
  expect(configLines({ devices: [found("sirf")], hasGpsd: false })).toBe("");
});

test("of several receivers and radios the first is configured, the others stand as comments", () => {
  const text = configLines({
    devices: [found("ubx", {}, "/dev/ttyACM0"), found("rak3172"), found("rn2483", {}, "/dev/ttyUSB1")],
    hasGpsd: true,
    forwarder: { from: "127.0.0.1", port: 1700 },
    hasStation: true,
  });
  expect(text.match(/^\[.*\]$/gm)).toEqual(["[lora]", "[gps]"]);
  const others = [...text.matchAll(/^# type = "(.*)"$/gm)].map(([, type]) => type);
  expect(others).toEqual(["rak3172", "rn2483", "basics-station", "ubx"]);
  expect(configWith(text)).toMatchObject({ lora: { type: "semtech-udp" }, gps: { type: "gpsd" } });
});

test("sensors of one kind get names of their own; a meter without a known map is left for its owner", () => {
  const text = configLines({
    devices: [
      found("sds011", {}, "/dev/ttyUSB0"),
      found("sds011", {}, "/dev/ttyUSB1"),
      found("modbus", { unit: 1 }, "/dev/ttyUSB2"),
      found("modbus", { unit: 1, map: "sdm120" }, "/dev/ttyUSB3"),
    ],
    hasGpsd: false,
  });
  expect(configWith(text).sensors.map(({ name }) => name)).toEqual(["sds011", "sds011-2", "meter-2"]);
  expect(text).toContain("# a modbus: find its map.\n# [[sensors]]\n");
});

test("a path is quoted, whatever is in it", () => {
  const path = '/dev/serial/by-id/usb-"odd"\\name\u00e9';
  expect(configOf({ devices: [found("nmea", {}, path)] }).gps).toMatchObject({ device: path });
});
