import type { LinuxFiles } from "./linux-files.ts";
import type { DiskWear, LinuxReading, NetworkLink } from "./linux-reading.ts";
import {
  parseCores,
  parseLoad1min,
  parseMemory,
  parseUptimeS,
  parseWireless,
  type RadioQuality,
} from "./proc.ts";
import {
  parseCarrier,
  parseCpuTemperatureC,
  parseLifeUsedPercent,
  parseReserve,
  parseSpeedMbps,
  parseThrottled,
  parseVoltAlarm,
  parseWrittenBytes,
  type Throttling,
} from "./sys.ts";

/** Most devices of one kind that are read; a machine with more is none of ours. */
const MAX_DEVICES = 16;
/** Where the firmware of a Raspberry Pi reports under-voltage and throttling. */
const THROTTLED = "/sys/devices/platform/soc/soc:firmware/get_throttled";

/** Reads everything once. */
export async function readLinux(files: LinuxFiles, diskPath: string, atMs: number): Promise<LinuxReading> {
  const [loadavg, uptime, stat, meminfo] = await readAll(files, "/proc/", [
    "loadavg",
    "uptime",
    "stat",
    "meminfo",
  ]);
  const memory = parseMemory(meminfo);
  const space = await files.diskSpace(diskPath);
  return {
    kind: "linux",
    atMs,
    cpuTemperatureC: await readTemperature(files),
    load1min: parseLoad1min(loadavg),
    cores: parseCores(stat),
    uptimeS: parseUptimeS(uptime),
    memoryTotalBytes: memory.totalBytes,
    memoryAvailableBytes: memory.availableBytes,
    diskTotalBytes: space?.totalBytes ?? null,
    diskFreeBytes: space?.freeBytes ?? null,
    disks: await readDisks(files),
    ...(await readThrottling(files)),
    links: await readLinks(files),
  };
}

const readAll = (files: LinuxFiles, folder: string, names: readonly string[]) =>
  Promise.all(names.map((name) => files.readFile(`${folder}${name}`)));

async function listMatching(files: LinuxFiles, folder: string, pattern: RegExp): Promise<string[]> {
  const names = await files.list(folder);
  return names
    .filter((name) => pattern.test(name))
    .sort()
    .slice(0, MAX_DEVICES);
}

async function readTemperature(files: LinuxFiles): Promise<number | null> {
  const zones = await listMatching(files, "/sys/class/thermal", /^thermal_zone\d+$/);
  const texts = await Promise.all(
    zones.map((zone) => readAll(files, `/sys/class/thermal/${zone}/`, ["type", "temp"])),
  );
  return parseCpuTemperatureC(texts.map(([type, temperature]) => ({ type, temperature })));
}

/** Cards, eMMC, disks and SSDs; no partitions, loops or memory. */
const DISK = /^(mmcblk\d+|sd[a-z]+|nvme\d+n\d+|vd[a-z]+|hd[a-z])$/;

async function readDisks(files: LinuxFiles): Promise<DiskWear[]> {
  const devices = await listMatching(files, "/sys/block", DISK);
  const disks = await Promise.all(devices.map((device) => readDisk(files, device)));
  return disks.filter((disk) => disk !== null);
}

async function readDisk(files: LinuxFiles, device: string): Promise<DiskWear | null> {
  const names = ["stat", "device/life_time", "device/pre_eol_info"];
  const [stat, lifeTime, reserve] = await readAll(files, `/sys/block/${device}/`, names);
  const writtenBytes = parseWrittenBytes(stat);
  if (writtenBytes === null) return null;
  return {
    device,
    writtenBytes,
    lifeUsedPercent: parseLifeUsedPercent(lifeTime),
    reserve: parseReserve(reserve),
  };
}

/** The firmware's own word first; else the alarm that the kernel makes of it. */
async function readThrottling(files: LinuxFiles): Promise<Throttling> {
  const throttling = parseThrottled(await files.readFile(THROTTLED));
  if (throttling.underVoltage !== null) return throttling;
  for (const monitor of await listMatching(files, "/sys/class/hwmon", /^hwmon\d+$/)) {
    const [name, alarm] = await readAll(files, `/sys/class/hwmon/${monitor}/`, ["name", "in0_lcrit_alarm"]);
    if (name?.trim() === "rpi_volt") return parseVoltAlarm(alarm);
  }
  return parseVoltAlarm(undefined);
}

/** Cards, radios and modems: those with a device behind them. */
async function readLinks(files: LinuxFiles): Promise<NetworkLink[]> {
  const radios = parseWireless(await files.readFile("/proc/net/wireless"));
  const names = await listMatching(files, "/sys/class/net", /^(eth|en|wl|ww|usb)\w*$/);
  return Promise.all(names.map((name) => readLink(files, name, radios.get(name))));
}

async function readLink(
  files: LinuxFiles,
  name: string,
  radio: RadioQuality | undefined,
): Promise<NetworkLink> {
  const [carrier, speed] = await readAll(files, `/sys/class/net/${name}/`, ["carrier", "speed"]);
  return {
    name,
    isConnected: parseCarrier(carrier),
    speedMbps: parseSpeedMbps(speed),
    signalDbm: radio?.signalDbm ?? null,
    qualityPercent: radio?.qualityPercent ?? null,
  };
}
