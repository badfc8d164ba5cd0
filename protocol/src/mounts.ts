import { readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";

/** Where the system says what should be mounted (fstab(5)), and what is (proc(5)). */
export interface MountTables {
  wanted: string;
  present: string;
}

const SYSTEM: MountTables = { wanted: "/etc/fstab", present: "/proc/self/mounts" };

/**
 * The disk that should be mounted where `folder` is, and is not yet: until then the folder may seem to be there, or
 * could be made, and a key that is made in it is another one than that on the disk. `undefined` where nothing is missing.
 */
export function unmountedDisk(folder: string, { wanted, present } = SYSTEM): string | undefined {
  const mounted = new Set(mountPoints(present));
  // The folder itself may be mounted, whatever should be above it.
  if (mounted.has(folder)) return undefined;
  const above = new Set([...ancestors(folder), ...ancestors(realPath(folder))]);
  return mountPoints(wanted).find((point) => above.has(point) && !mounted.has(point));
}

/** Second field of each line, `\040` for a space; the root is always there. */
function mountPoints(file: string): string[] {
  return textOf(file)
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .map((line) => line.trim().split(/\s+/)[1] ?? "")
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .map((point) => (point.length > 1 ? point.replace(/\/$/, "") : point))
    .filter((point) => point.startsWith("/") && point !== "/");
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Where links lead, as far as they lead to something. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** From the folder itself up. */
const ancestors = (path: string): string[] =>
  path === dirname(path) ? [path] : [path, ...ancestors(dirname(path))];
