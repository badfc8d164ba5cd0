import { describe, expect, test } from "bun:test";
import { QUANTITIES } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { driverContract } from "../testing/driver-contract.ts";
import { type LinuxFiles, linuxFiles } from "./linux-files.ts";
import { openLinuxHealth, quantitiesOf } from "./linux-health.ts";
import type { LinuxReading } from "./linux-reading.ts";
import { readLinux } from "./read-linux.ts";

/** A Raspberry Pi 4 with a card, an eMMC and wireless, as its files; what is not here is absent. */
const PI: Readonly<Record<string, string>> = {
  "/proc/loadavg": "0.42 0.37 0.33 1/123 4567\n",
  "/proc/uptime": "86400.12 300000.00\n",
  "/proc/stat": "cpu  1\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\nintr 1\n",
  "/proc/meminfo": "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 600 kB\n",
  "/proc/net/wireless":
    "a\nb\n wlan0: 0000   58.  -52.  -256        0      0      0      0     84        0\n",
  "/sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
  "/sys/class/thermal/thermal_zone0/temp": "48312\n",
  "/sys/block/mmcblk0/stat": "1 2 3 4 5 6 2000000 8 9 10 11\n",
  "/sys/block/mmcblk1/stat": "1 2 3 4 5 6 4000000 8 9 10 11\n",
  "/sys/block/mmcblk1/device/life_time": "0x03 0x02\n",
  "/sys/block/mmcblk1/device/pre_eol_info": "0x01\n",
  "/sys/block/mmcblk1boot0/stat": "1 2 3 4 5 6 7 8 9 10 11\n",
  "/sys/block/loop0/stat": "1 2 3 4 5 6 7 8 9 10 11\n",
  "/sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
  "/sys/class/net/eth0/carrier": "1\n",
  "/sys/class/net/eth0/speed": "1000\n",
  "/sys/class/net/wlan0/carrier": "1\n",
  "/sys/class/net/lo/carrier": "1\n",
};

const filesOf = (texts: Readonly<Record<string, string>>): LinuxFiles => ({
  readFile: async (path) => texts[path],
  list: async (folder) => {
    const below = Object.keys(texts).filter((path) => path.startsWith(`${folder}/`));
    return [...new Set(below.map((path) => path.slice(folder.length + 1).split("/")[0] ?? ""))];
  },
  diskSpace: async () => (texts === PI ? { totalBytes: 32e9, freeBytes: 8e9 } : undefined),
});

test("a Raspberry Pi in full", async () => {
  const reading = await readLinux(filesOf(PI), "/", 5);
  expect(reading).toEqual({
    kind: "linux",
    atMs: 5,
    cpuTemperatureC: 48.312,
    load1min: 0.42,
    cores: 4,
    uptimeS: 86_400.12,
    memoryTotalBytes: 1_024_000,
    memoryAvailableBytes: 614_400,
    diskTotalBytes: 32e9,
    diskFreeBytes: 8e9,
    disks: [
      { device: "mmcblk0", writtenBytes: 1_024_000_000, lifeUsedPercent: null, reserve: null },
      { device: "mmcblk1", writtenBytes: 2_048_000_000, lifeUsedPercent: 30, reserve: "normal" },
    ],
    underVoltage: true,
    underVoltageOccurred: true,
    throttled: true,
    links: [
      { name: "eth0", isConnected: true, speedMbps: 1000, signalDbm: null, qualityPercent: null },
      { name: "wlan0", isConnected: true, speedMbps: null, signalDbm: -52, qualityPercent: 83 },
    ],
  });
  expect(quantitiesOf(reading)).toEqual({
    cpu_temperature_c: 48.312,
    load_1min: 0.42,
    uptime_s: 86_400.12,
    memory_available_percent: 60,
    disk_free_percent: 25,
    disk_life_used_percent: 30,
    disk_written_mb: 3072,
    under_voltage: 1,
    link_signal_dbm: -52,
  });
  for (const quantity of Object.keys(quantitiesOf(reading))) expect(QUANTITIES).toHaveProperty(quantity);
});

test("a newer kernel tells under-voltage by an alarm, among other monitors", async () => {
  const files = filesOf({
    "/sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
    "/sys/class/hwmon/hwmon0/in0_lcrit_alarm": "1\n",
    "/sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
  });
  const { underVoltage, underVoltageOccurred, throttled } = await readLinux(files, "/", 0);
  expect({ underVoltage, underVoltageOccurred, throttled }).toEqual({
    underVoltage: false,
    underVoltageOccurred: null,
    throttled: null,
  });
});

test("a machine that tells nothing makes a reading of nothing", async () => {
  const reading = await readLinux(filesOf({}), "/", 0);
  const { kind, atMs, disks, links, ...values } = reading;
  expect({ kind, atMs, disks, links }).toEqual({ kind: "linux", atMs: 0, disks: [], links: [] });
  expect(new Set(Object.values(values))).toEqual(new Set([null]));
  expect(quantitiesOf(reading)).toEqual({});
});

test.skipIf(process.platform !== "linux")("this machine's values are plausible", async () => {
  const reading = await readLinux(linuxFiles, ".", 0);
  expect(reading.load1min).toBeWithin(0, 1000);
  expect(reading.cores).toBeWithin(1, 1025);
  expect(reading.uptimeS).toBeGreaterThan(0);
  expect(reading.memoryTotalBytes).toBeWithin(64e6, 1e14);
  expect(reading.memoryAvailableBytes).toBeWithin(1e6, reading.memoryTotalBytes ?? 0);
  expect(reading.diskTotalBytes).toBeWithin(1e8, 1e16);
  expect(reading.diskFreeBytes).toBeWithin(0, (reading.diskTotalBytes ?? 0) + 1);
  if (reading.cpuTemperatureC !== null) expect(reading.cpuTemperatureC).toBeWithin(-40, 120);
});

test("absent files and folders are no errors", async () => {
  expect(await linuxFiles.readFile("/proc/no-such-file")).toBeUndefined();
  expect(await linuxFiles.readFile("/proc")).toBeUndefined();
  expect(await linuxFiles.list("/sys/no-such-folder")).toEqual([]);
  expect(await linuxFiles.diskSpace("/no-such-folder")).toBeUndefined();
});

driverContract<LinuxReading>("openLinuxHealth", {
  capacity: 8,
  isAlwaysThere: true,
  async open() {
    const clock = new ManualClock(1000);
    const driver = openLinuxHealth({ clock, periodMs: 1000, capacity: 8, files: filesOf(PI) });
    return {
      driver,
      async feedGood(count) {
        const { frames } = driver.counts();
        while (driver.counts().frames < frames + count) await clock.advance(1000);
      },
      feedGarbage: async () => {},
      lose: () => {},
      // Nothing is open but its wait for the next period.
      linkCloses: () => (clock.pending === 0 ? 1 : 0),
    };
  },
});

describe("openLinuxHealth", () => {
  const open = (options = {}) => {
    const clock = new ManualClock(1000);
    return {
      clock,
      driver: openLinuxHealth({ clock, periodMs: 1000, capacity: 3, files: filesOf(PI), ...options }),
    };
  };

  test("reads at once and every period, and drops the oldest for a slow consumer", async () => {
    const { clock, driver } = open();
    await clock.advance(4500);
    expect(driver.counts()).toEqual({ frames: 5, badFrames: 0, garbageBytes: 0, droppedReadings: 2 });
    const times: number[] = [];
    for await (const { atMs } of driver) if (times.push(atMs) === 3) break;
    expect(times).toEqual([3000, 4000, 5000]);
    expect(clock.pending).toBe(0);
  });

  test("close() ends a waiting iteration, even while a file system hangs; twice is once", async () => {
    const { clock, driver } = open({ files: { ...filesOf(PI), diskSpace: () => new Promise(() => {}) } });
    await clock.advance(1);
    const waiting = driver[Symbol.asyncIterator]().next();
    await Promise.all([driver.close(), driver.close()]);
    expect(clock.pending).toBe(0);
    expect((await waiting).done).toBe(true);
  });

  test("a period that is none is refused", () =>
    expect(() => open({ periodMs: 0 })).toThrow("Period is 0 ms"));
});
