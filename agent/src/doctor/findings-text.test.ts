import { expect, test } from "bun:test";
import type { SerialDevice } from "@earshot/drivers";
import type { Findings, PortFinding } from "./find-devices.ts";
import { findingsText } from "./findings-text.ts";

const port = (path: string, more: Partial<SerialDevice> = {}): SerialDevice => ({
  path,
  stablePath: path,
  isConsole: false,
  ...more,
});

const text = (findings: Partial<Findings>): string =>
  findingsText({ ports: [], programs: [], tookMs: 2500, ...findings });

const outcomeText = (outcome: PortFinding["outcome"]): string =>
  text({ ports: [{ port: port("/dev/ttyUSB0"), outcome }] }).split("\n")[2] ?? "";

test("a bare machine", () => {
  expect(text({})).toBe(
    "Serial ports: none\ngpsd: none answers\nLooked for 2.5 s; nothing was set in any device.\n",
  );
});

test("a port is told with its USB ids, its name that stays, and the lines to paste", () => {
  const usb = {
    vendorId: "1546",
    productId: "01a9",
    manufacturer: "u-blox AG",
    product: "GNSS receiver",
  };
  const outcome = {
    state: "found",
    device: { type: "ubx", description: "u-blox NEO-M9N" },
    baudRate: 9600,
    tookMs: 1,
  } as const;
  const stablePath = "/dev/serial/by-id/usb-u-blox";
  const told = text({ ports: [{ port: port("/dev/ttyACM0", { usb, stablePath }), outcome }] });
  expect(told.split("\n").slice(0, 4)).toEqual([
    "Serial ports: 1",
    "  /dev/ttyACM0  u-blox AG GNSS receiver (1546:01a9)",
    "    /dev/serial/by-id/usb-u-blox",
    "    u-blox NEO-M9N, at 9600 baud",
  ]);
  expect(told).toEndWith(`For the configuration:\n
[gps]
type = "ubx"
device = "/dev/serial/by-id/usb-u-blox"
baud = 9600
`);
});

test("what is not found says why", () => {
  expect(outcomeText({ state: "silent", tookMs: 1 })).toMatch(
    /^ {4}silent: nothing is there, it has no power/,
  );
  const heard = Uint8Array.from({ length: 40 }, (_, i) => i);
  expect(outcomeText({ state: "unknown", baudRate: 9600, heard, tookMs: 1 })).toBe(
    "    speaks, and is not understood: 000102030405060708090a0b0c0d0e0f at 9600 baud",
  );
  expect(outcomeText({ state: "failed", why: "permission denied", tookMs: 1 })).toBe(
    "    cannot be used: permission denied",
  );
  expect(outcomeText({ state: "skipped", why: "gpsd reads it" })).toBe("    gpsd reads it");
});

test("gpsd, forwarders and programs", () => {
  const gatewayEui = "0016c001f156d7e5";
  const told = text({
    gpsd: { release: "3.22", devices: ["/dev/ttyACM0"] },
    forwarder: { state: "found", gatewayEui, from: "127.0.0.1", port: 1700 },
    programs: ["gpsd", "station"],
  });
  expect(told).toContain("gpsd: 3.22, reads /dev/ttyACM0\n");
  expect(told).toContain(`Packet forwarder: ${gatewayEui} at 127.0.0.1 sends to port 1700\n`);
  expect(told).toContain("Programs that run: gpsd, station\n");
  expect(told).toContain('# type = "basics-station"\n');
  expect(text({ gpsd: { release: "3.22", devices: [] } })).not.toContain("[gps]");
  expect(text({ forwarder: { state: "none", port: 1700 } })).toContain("none sends to port 1700");
  const taken = text({ forwarder: { state: "taken", port: 1700, why: "in use" } });
  expect(taken).toContain("another program listens at port 1700 (in use)");
});
