import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOnNetwork, unmountedDisk } from "./mounts.ts";

function inFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "earshot-mounts-"));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function missing(path: string, fstab: string, mounts = ""): string | undefined {
  let found: string | undefined;
  inFolder((folder) => {
    const tables = { wanted: join(folder, "fstab"), present: join(folder, "mountinfo") };
    writeFileSync(tables.wanted, `# <device> <mount point>\nUUID=1 / ext4 defaults 0 1\n${fstab}\n`);
    writeFileSync(tables.present, `22 1 179:2 / / rw,noatime - ext4 /dev/mmcblk0p2 rw\n${mounts}\n`);
    found = unmountedDisk(path, tables);
  });
  return found;
}

const USB = "LABEL=data /mnt/my\\040disk/ ext4 nofail 0 2";
const SWAP = "UUID=9 none swap sw 0 0";

const mountOf = (root: string, point: string) => `30 22 8:1 ${root} ${point} rw - ext4 /dev/sda1 rw`;

test("a disk that /etc/fstab names for a folder is missing until it is mounted", () => {
  expect(missing("/mnt/my disk/earshot", `${SWAP}\n${USB}`)).toBe("/mnt/my disk");
  expect(missing("/mnt/my disk", USB)).toBe("/mnt/my disk");
  expect(missing("/mnt/my disk/earshot", USB, mountOf("/", "/mnt/my\\040disk"))).toBeUndefined();
  expect(missing("/mnt/my disk/earshot", USB, mountOf("/@data", "/mnt/my\\040disk/earshot"))).toBeUndefined();
});

test("other disks, and those that are commented out, do not matter", () => {
  expect(missing("/var/lib/earshot", USB)).toBeUndefined();
  expect(missing("/mnt/my disk2/earshot", USB)).toBeUndefined();
  expect(missing("/mnt/my disk/earshot", `# ${USB}`)).toBeUndefined();
});

test("a folder that a service manager mounted over itself is no disk", () => {
  const itself = mountOf("/mnt/my\\040disk/earshot", "/mnt/my\\040disk/earshot");
  expect(missing("/mnt/my disk/earshot", USB, itself)).toBe("/mnt/my disk");
  const inSubvolume = mountOf("/@/mnt/my\\040disk", "/mnt/my\\040disk");
  expect(missing("/mnt/my disk/earshot", USB, inSubvolume)).toBe("/mnt/my disk");
});

test("a file is on another machine where the nearest mount is of a network", () => {
  inFolder((folder) => {
    const present = join(folder, "mountinfo");
    const mount = (point: string, type: string) =>
      `30 22 0:40 / ${point} rw,relatime shared:1 - ${type} server:/keys rw`;
    const table = (...lines: string[]) =>
      writeFileSync(present, ["22 1 179:2 / / rw,noatime - ext4 /dev/root rw", ...lines, ""].join("\n"));
    const isRemote = (file: string) => isOnNetwork(file, { present });
    table(mount("/srv", "nfs4"), mount("/srv/own", "ext4"), mount("/mnt/my\\040keys", "fuse.sshfs"));
    expect(["/srv/hotspot.key", "/mnt/my keys/a/hotspot.key"].map(isRemote)).toEqual([true, true]);
    expect(["/srv/own/hotspot.key", "/srv2/hotspot.key", "/hotspot.key"].map(isRemote)).toEqual([
      ...[false, false, false],
    ]);
    table(mount("/srv", "nfs4"), mount("/srv", "tmpfs"));
    expect(isRemote("/srv/hotspot.key")).toBe(false);
    expect(isOnNetwork("/srv/hotspot.key", { present: join(folder, "none") })).toBe(false);
  });
});

test("it is found behind a link, and nothing is where there are no tables", () => {
  inFolder((folder) => {
    mkdirSync(join(folder, "disk"));
    symlinkSync(join(folder, "disk"), join(folder, "state"));
    expect(missing(join(folder, "state"), `UUID=2 ${folder}/disk ext4 nofail 0 2`)).toBe(`${folder}/disk`);
    const none = { wanted: join(folder, "none"), present: join(folder, "none") };
    expect(unmountedDisk(folder, none)).toBeUndefined();
  });
});
