import { readFileSync } from "node:fs";

/** Linux counts processor time in these, on every architecture that it tells user space about. */
const TICKS_PER_S = 100;
const KIB_PER_MIB = 1024;

export interface ProcessUse {
  /** Processor time of the process and of its children that ended, in seconds. */
  cpuS: number;
  rssMiB: number;
  /** Sent to storage, by whole pages of the kernel's cache. */
  writtenKiB: number;
}

/** proc_pid_stat(5): utime, stime, cutime and cstime are fields 14 to 17; what precedes may hold spaces. */
export function processUse(pid: number): ProcessUse {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const written = /^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1];
  const rss = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuS: ticks / TICKS_PER_S, rssMiB: Number(rss) / KIB_PER_MIB, writtenKiB: Number(written) / 1024 };
}
