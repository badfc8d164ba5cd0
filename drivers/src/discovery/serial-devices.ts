import { readdir, readFile, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { listSerialPorts } from "../link/serial-ports.ts";

/** A serial port of this machine, with what the system knows about it. */
export interface SerialDevice {
  /** `/dev/ttyUSB0`. */
  path: string;
  /** Best name for a configuration: the one below `/dev/serial/by-id`, which survives a reboot, else `path`. */
  stablePath: string;
  usb?: UsbIdentity;
  /** The kernel writes its log here: not to be touched. */
  isConsole: boolean;
}

export interface UsbIdentity {
  /** Four hex digits each, as `lsusb` prints them. */
  vendorId: string;
  productId: string;
  manufacturer?: string;
  product?: string;
  serialNumber?: string;
}

/** `u-blox AG u-blox 7 - GPS/GNSS Receiver (1546:01a7)`. */
export function usbText({ vendorId, productId, manufacturer, product }: UsbIdentity): string {
  return [manufacturer, product, `(${vendorId}:${productId})`].filter((part) => part !== undefined).join(" ");
}

export interface SystemFolders {
  dev: string;
  sys: string;
}

/**
 * The serial ports that have hardware behind them, by name. A built-in UART is left out when its driver found nothing
 * (`/sys/class/tty/ttyS0/type` is 0). Folders that are missing count as empty.
 */
export async function listSerialDevices(
  { dev, sys }: SystemFolders = { dev: "/dev", sys: "/sys" },
): Promise<SerialDevice[]> {
  const consoles = (await text(join(sys, "class/tty/console/active"))).split(/\s+/);
  const ports = await listSerialPorts(dev);
  const devices = await Promise.all(
    ports.map(async ({ path, pnpId }) => {
      const name = basename(path);
      const folder = join(sys, "class/tty", name);
      if ((await text(join(folder, "type"))) === "0") return undefined;
      const usb = await usbIdentity(join(folder, "device"));
      const device = { path, stablePath: pnpId ?? path, isConsole: consoles.includes(name) };
      return usb === undefined ? device : { ...device, usb };
    }),
  );
  return devices.filter((device) => device !== undefined);
}

/** How far above the port's own folder the USB device is: interface, and for USB adapters the port on it. */
const MAX_LEVELS = 4;

async function usbIdentity(deviceLink: string): Promise<UsbIdentity | undefined> {
  let folder = await realpath(deviceLink).catch(() => undefined);
  for (let level = 0; folder !== undefined && level < MAX_LEVELS; level += 1) {
    const vendorId = await text(join(folder, "idVendor"));
    if (vendorId !== "") return identityIn(folder, vendorId);
    folder = dirname(folder);
  }
  return undefined;
}

async function identityIn(folder: string, vendorId: string): Promise<UsbIdentity> {
  const names = { manufacturer: "manufacturer", product: "product", serialNumber: "serial" };
  const found = await Promise.all(
    Object.entries(names).map(async ([key, file]) => [key, await text(join(folder, file))] as const),
  );
  const reported = Object.fromEntries(found.filter(([, value]) => value !== ""));
  return { vendorId, productId: await text(join(folder, "idProduct")), ...reported };
}

/** Texts of USB devices may contain anything: control characters are left out. */
async function text(file: string): Promise<string> {
  const content = await readFile(file, "utf8").catch(() => "");
  return content
    .replaceAll(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, 128);
}

/** Names of running programs that feed a hotspot or use its devices: `gpsd`, `lora_pkt_fwd`, `station`. */
export async function runningPrograms(names: readonly string[], proc = "/proc"): Promise<string[]> {
  const pids = (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const running = await Promise.all(pids.map((pid) => text(join(proc, pid, "comm"))));
  // The kernel keeps 15 characters of a name.
  return names.filter((name) => running.includes(name.slice(0, 15)));
}
