import { readlinkSync, realpathSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DeviceTroubleError } from "./trouble.ts";

/** What of `/proc` is looked at. */
export interface ProcessTable {
  folder: string;
  ownPid: number;
}

const THIS_MACHINE: ProcessTable = { folder: "/proc", ownPid: process.pid };

/**
 * Which other programs have these ports open, as `gpsd (process 123)`; ports without any are left out.
 *
 * Linux shows it of all processes to root, else of those of the same user; of others a program can only be seen by
 * what it does to the data. Not counted: this program and what it has started, and the other end of a
 * pseudo-terminal (`socat`), which keeps our end open too.
 */
export async function portUsers(
  paths: Iterable<string>,
  table: ProcessTable = THIS_MACHINE,
): Promise<Map<string, string[]>> {
  const byTarget = new Map([...paths].map((path) => [realPath(path), path]));
  const users = new Map<string, string[]>();
  if (byTarget.size === 0) return users;
  for (const pid of await processIds(table)) {
    const files = await openFiles(join(table.folder, pid, "fd"));
    const ports = [...byTarget].filter(([target]) => files.has(target));
    if (ports.length === 0 || (await isOurs(pid, table))) continue;
    const name = await commandOf(join(table.folder, pid));
    for (const [target, path] of ports) {
      if (target.startsWith("/dev/pts/") && files.has("/dev/ptmx")) continue;
      users.set(path, [...(users.get(path) ?? []), `${name} (process ${pid})`]);
    }
  }
  return users;
}

/**
 * A serial port that another program has open is not read: each of the two would get only a part of the data.
 *
 * @throws {DeviceTroubleError} "in-use", when another program is known to have it open
 */
export async function checkNotInUse(path: string): Promise<void> {
  const users = (await portUsers([path])).get(path);
  if (users === undefined) return;
  throw new DeviceTroubleError(
    "in-use",
    `${path} is in use: ${users.join(", ")} has it open, and only one program can read a port`,
  );
}

async function processIds({ folder, ownPid }: ProcessTable): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /^\d+$/.test(name) && Number(name) !== ownPid);
}

/** Where a process's file descriptors lead; empty for processes of others, and those that have just ended. */
async function openFiles(folder: string): Promise<Set<string>> {
  const fds = await readdir(folder).catch(() => []);
  const targets = new Set<string>();
  for (const fd of fds) {
    try {
      targets.add(readlinkSync(join(folder, fd)));
    } catch {
      // Closed since it was listed.
    }
  }
  return targets;
}

/** `stty`, which sets our ports up, is a child of ours. Parent: fourth field of proc_pid_stat(5). */
async function isOurs(pid: string, { folder, ownPid }: ProcessTable): Promise<boolean> {
  const stat = await readFile(join(folder, pid, "stat"), "utf8").catch(() => "");
  return Number(/^\d+ \(.*\) \S (\d+)/s.exec(stat)?.[1]) === ownPid;
}

async function commandOf(folder: string): Promise<string> {
  const name = await readFile(join(folder, "comm"), "utf8").catch(() => "");
  return name.trim() === "" ? "a program" : name.trim();
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
