import type { Clock } from "@earshot/protocol/hotspot";
import type { Driver } from "../driver.ts";
import { taskDriver } from "../link/task-driver.ts";
import { type LinuxFiles, linuxFiles } from "./linux-files.ts";
import type { LinuxReading } from "./linux-reading.ts";
import { readLinux } from "./read-linux.ts";

export interface OpenLinuxHealthOptions {
  clock: Clock;
  /** Default 60 000. */
  periodMs?: number;
  /** Readings queued for a slow consumer; default 64. */
  capacity?: number;
  /** A file or folder on the file system whose space is reported; default "/". */
  diskPath?: string;
  /** Default: this machine's. */
  files?: LinuxFiles;
}

/**
 * The machine itself: temperature, load, memory, disk space and wear, supply, network links. Read at once and every
 * period from then on; it asks for no rights and writes nothing.
 */
export function openLinuxHealth(options: OpenLinuxHealthOptions): Driver<LinuxReading> {
  const { clock, periodMs = 60_000, capacity = 64, diskPath = "/", files = linuxFiles } = options;
  if (!Number.isInteger(periodMs) || periodMs < 1) {
    throw new RangeError(`Period is ${periodMs} ms; allowed are whole numbers from 1`);
  }
  let frames = 0;
  return taskDriver<LinuxReading>({
    name: "Linux",
    capacity,
    counts: () => ({ frames, badFrames: 0, garbageBytes: 0 }),
    async run(emit, signal) {
      while (!signal.aborted) {
        emit(await unlessAborted(readLinux(files, diskPath, clock.now()), signal));
        frames += 1;
        await clock.sleep(periodMs, signal);
      }
    },
  });
}

/** A file system that hangs must not keep the driver from closing. */
function unlessAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return Promise.race([task, aborted]).finally(() => signal.removeEventListener("abort", onAbort));
}

/** What of it travels in reading packets, by quantity. */
export function quantitiesOf(reading: LinuxReading): Record<string, number> {
  const { diskTotalBytes: total, diskFreeBytes: free } = reading;
  const { memoryTotalBytes, memoryAvailableBytes } = reading;
  const radio = reading.links.find(({ signalDbm }) => signalDbm !== null);
  return known({
    cpu_temperature_c: reading.cpuTemperatureC,
    load_1min: reading.load1min,
    uptime_s: reading.uptimeS,
    memory_available_percent: percent(memoryAvailableBytes, memoryTotalBytes),
    disk_free_percent: percent(free, total),
    disk_life_used_percent: greatest(reading.disks.map(({ lifeUsedPercent }) => lifeUsedPercent)),
    disk_written_mb: sumMb(reading.disks.map(({ writtenBytes }) => writtenBytes)),
    under_voltage: reading.underVoltage === null ? null : Number(reading.underVoltage),
    link_signal_dbm: radio?.signalDbm ?? null,
  });
}

const percent = (part: number | null, whole: number | null): number | null =>
  part === null || whole === null || whole === 0 ? null : Math.round((1000 * part) / whole) / 10;

function greatest(values: readonly (number | null)[]): number | null {
  const reported = values.filter((value) => value !== null);
  return reported.length === 0 ? null : Math.max(...reported);
}

const sumMb = (bytes: readonly number[]): number | null =>
  bytes.length === 0 ? null : Math.round(bytes.reduce((a, b) => a + b, 0) / 1e6);

const known = (values: Record<string, number | null>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== null));
