import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { PortInfo } from "./bindings-interface.ts";

/** On-board UARTs, USB serial adapters, USB modems, and the UARTs of a Raspberry Pi and of NXP boards. */
const DEVICE_NAME = /^tty(S|USB|ACM|AMA|mxc)\d+$/;

/**
 * Serial ports of this machine by name, with the stable `/dev/serial/by-id` name in `pnpId`. A built-in `ttyS` is
 * listed whether or not hardware is behind it. Folders that are missing count as empty.
 */
export async function listSerialPorts(deviceFolder = "/dev"): Promise<PortInfo[]> {
  const names = (await entries(deviceFolder)).filter((name) => DEVICE_NAME.test(name));
  const stableNames = await byId(join(deviceFolder, "serial", "by-id"));
  return names.sort().map((name) => portInfo(join(deviceFolder, name), stableNames));
}

function portInfo(path: string, stableNames: ReadonlyMap<string, string>): PortInfo {
  const unknown = undefined;
  return {
    path,
    pnpId: stableNames.get(path),
    manufacturer: unknown,
    serialNumber: unknown,
    locationId: unknown,
    productId: unknown,
    vendorId: unknown,
  };
}

/** Device path → stable path. */
async function byId(folder: string): Promise<Map<string, string>> {
  const stableNames = new Map<string, string>();
  for (const name of await entries(folder)) {
    const stable = join(folder, name);
    const device = await realpath(stable).catch(() => undefined);
    if (device !== undefined) stableNames.set(device, stable);
  }
  return stableNames;
}

function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
