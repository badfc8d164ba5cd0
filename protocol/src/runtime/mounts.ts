import { readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";

/** Where the system says what should be mounted (fstab(5)), and what is (proc(5), mountinfo). */
interface MountTables {
  wanted: string;
  present: string;
}

const SYSTEM: MountTables = { wanted: "/etc/fstab", present: "/proc/self/mountinfo" };

/**
 * The disk that should be mounted where `folder` is, and is not yet: until then the folder may seem to be there, or
 * could be made, and a key that is made in it is another one than that on the disk. `undefined` where nothing is missing.
 */
export function unmountedDisk(folder: string, { wanted, present } = SYSTEM): string | undefined {
  const mounted = new Set(presentMounts(present));
  // The folder itself may be mounted, whatever should be above it.
  if (mounted.has(folder)) return undefined;
  const above = new Set([...ancestors(folder), ...ancestors(realPath(folder))]);
  return wantedMounts(wanted).find((point) => above.has(point) && !mounted.has(point));
}

/** Types of file systems whose files are on another machine, as mountinfo names them. */
const NETWORK_TYPES = /^(nfs4?|cifs|smb3|9p|afs|ceph|lustre|fuse\.(sshfs|glusterfs|s3fs|rclone))$/;

/** Whether a file is kept by another machine, as far as the mount table tells. */
export function isOnNetwork(file: string, { present }: Pick<MountTables, "present"> = SYSTEM): boolean {
  const above = [...ancestors(realPath(file))];
  const nearest = linesOf(present)
    .map((fields) => ({ point: pathOf(fields[4] ?? ""), type: fields[fields.indexOf("-") + 1] ?? "" }))
    .filter(({ point }) => above.includes(point))
    // What was mounted later lies above.
    .findLast(({ point }, _, all) => all.every((other) => other.point.length <= point.length));
  return nearest !== undefined && NETWORK_TYPES.test(nearest.type);
}

/** Second field of each line. */
const wantedMounts = (file: string): string[] =>
  linesOf(file)
    .filter(([first = ""]) => !first.startsWith("#"))
    .map(([, point = ""]) => pathOf(point))
    .filter((point) => point.startsWith("/") && point !== "/");

/**
 * Fifth field of each line; the fourth is what of its file system stands there. A folder that is mounted over itself is
 * no disk: systemd makes such mounts of what a service may write to.
 */
const presentMounts = (file: string): string[] =>
  linesOf(file)
    .map(([, , , root = "", point = ""]) => ({ root: pathOf(root), point: pathOf(point) }))
    .filter(({ root, point }) => point !== "" && !root.endsWith(point))
    .map(({ point }) => point);

const linesOf = (file: string): string[][] =>
  textOf(file)
    .split("\n")
    .map((line) => line.trim().split(/\s+/));

/** `\040` for a space, in both tables. */
function pathOf(field: string): string {
  const path = field.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return path.length > 1 ? path.replace(/\/$/, "") : path;
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
