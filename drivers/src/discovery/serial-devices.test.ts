import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listSerialDevices, runningPrograms, usbText } from "./serial-devices.ts";

let root = "";
const folders = () => ({ dev: join(root, "dev"), sys: join(root, "sys") });

function put(path: string, content = ""): void {
  const file = join(root, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, content);
}

/** A USB device with a serial port below its interface, as the kernel lays it out. */
function plugIn(name: string, below: string, facts: Record<string, string>): void {
  const usb = "sys/devices/pci0000:00/usb1/1-1";
  for (const [file, content] of Object.entries(facts)) put(`${usb}/${name}/${file}`, `${content}\n`);
  mkdirSync(join(root, usb, name, below), { recursive: true });
  mkdirSync(join(root, "sys/class/tty", name), { recursive: true });
  symlinkSync(join(root, usb, name, below), join(root, "sys/class/tty", name, "device"));
  put(`dev/${name}`);
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "earshot-sys-"));
  plugIn("ttyACM0", "1-1:1.0", {
    idVendor: "1546",
    idProduct: "01a9",
    manufacturer: "u-blox AG - www.u-blox.com",
    product: "u-blox GNSS receiver\u0007",
  });
  plugIn("ttyUSB0", "1-1:1.0/ttyUSB0", { idVendor: "1a86", idProduct: "7523", serial: "A1" });
  for (const name of ["ttyS0", "ttyS1", "ttyAMA0"]) put(`dev/${name}`);
  put("sys/class/tty/ttyS0/type", "4\n");
  put("sys/class/tty/ttyS1/type", "0\n");
  put("sys/class/tty/console/active", "tty0 ttyS0\n");
  mkdirSync(join(root, "dev/serial/by-id"), { recursive: true });
  symlinkSync("../../ttyACM0", join(root, "dev/serial/by-id/usb-u-blox"));
  put("proc/12/comm", "gpsd\n");
  put("proc/13/comm", "chirpstack-conc\n");
  put("proc/self/comm", "station\n");
});
afterAll(() => rmSync(root, { recursive: true }));

test("ports with their USB ids and stable names; a UART without hardware is left out", async () => {
  expect(await listSerialDevices(folders())).toEqual([
    {
      path: join(root, "dev/ttyACM0"),
      stablePath: join(root, "dev/serial/by-id/usb-u-blox"),
      isConsole: false,
      usb: {
        vendorId: "1546",
        productId: "01a9",
        manufacturer: "u-blox AG - www.u-blox.com",
        product: "u-blox GNSS receiver",
      },
    },
    { path: join(root, "dev/ttyAMA0"), stablePath: join(root, "dev/ttyAMA0"), isConsole: false },
    { path: join(root, "dev/ttyS0"), stablePath: join(root, "dev/ttyS0"), isConsole: true },
    {
      path: join(root, "dev/ttyUSB0"),
      stablePath: join(root, "dev/ttyUSB0"),
      isConsole: false,
      usb: { vendorId: "1a86", productId: "7523", serialNumber: "A1" },
    },
  ]);
});

test("USB ids in words", () => {
  expect(usbText({ vendorId: "1a86", productId: "7523" })).toBe("(1a86:7523)");
  expect(usbText({ vendorId: "1546", productId: "01a9", manufacturer: "u-blox", product: "GNSS" })).toBe(
    "u-blox GNSS (1546:01a9)",
  );
});

test("a machine without these folders has no ports and no programs", async () => {
  expect(await listSerialDevices({ dev: "/nonexistent", sys: "/nonexistent" })).toEqual([]);
  expect(await runningPrograms(["gpsd"], "/nonexistent")).toEqual([]);
});

test("which programs run, long names as the kernel cuts them", async () => {
  const names = ["gpsd", "station", "chirpstack-concentratord"];
  expect(await runningPrograms(names, join(root, "proc"))).toEqual(["gpsd", "chirpstack-concentratord"]);
});
