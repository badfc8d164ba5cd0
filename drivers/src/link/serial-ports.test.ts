import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listSerialPorts } from "./serial-ports.ts";

test("lists serial devices by name and tells their stable names", async () => {
  const folder = mkdtempSync(join(tmpdir(), "earshot-dev-"));
  for (const name of ["ttyUSB0", "ttyACM1", "ttyAMA0", "ttyS0", "tty1", "null"]) {
    writeFileSync(join(folder, name), "");
  }
  mkdirSync(join(folder, "serial", "by-id"), { recursive: true });
  const stable = join(folder, "serial", "by-id", "usb-u-blox_7-if00");
  symlinkSync("../../ttyACM1", stable);
  symlinkSync("../../ttyUSB9", join(folder, "serial", "by-id", "usb-unplugged"));
  const ports = await listSerialPorts(folder);
  rmSync(folder, { recursive: true });
  expect(ports.map(({ path, pnpId }) => [path.slice(folder.length + 1), pnpId])).toEqual([
    ["ttyACM1", stable],
    ["ttyAMA0", undefined],
    ["ttyS0", undefined],
    ["ttyUSB0", undefined],
  ]);
});

test("a machine without such folders has no ports", async () => {
  expect(await listSerialPorts("/nonexistent")).toEqual([]);
});
