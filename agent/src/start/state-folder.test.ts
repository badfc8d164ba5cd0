import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ManualClock } from "@earshot/protocol/testing";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { awaitMount, prepareStateFolder, StorageError, storageError } from "./state-folder.ts";
import { folderId, untilFolderChanges } from "./watch-folder.ts";

function failureOf(action: () => void): StorageError | undefined {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(StorageError);
    return error as StorageError;
  }
  return undefined;
}

test("a folder that is missing is made, for its owner alone", () => {
  const folder = join(temporaryFolder(), "a", "state");
  prepareStateFolder(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test("a file in its place is told", () => {
  const path = join(temporaryFolder(), "state");
  writeFileSync(path, "");
  expect(failureOf(() => prepareStateFolder(path))?.message).toContain("state is no folder (EEXIST");
});

describe("a disk that /etc/fstab names", () => {
  const tables = (fstab: string, mounts: string) => {
    const folder = temporaryFolder();
    const paths = { wanted: join(folder, "fstab"), present: join(folder, "mounts") };
    writeFileSync(paths.wanted, `# <device> <mount point>\nUUID=1 / ext4 defaults 0 1\n${fstab}\n`);
    writeFileSync(paths.present, `/dev/mmcblk0p2 / ext4 rw 0 0\n${mounts}\n`);
    return paths;
  };
  const USB = "LABEL=data /mnt/my\\040disk/ ext4 nofail 0 2";

  test("is waited for while it is not mounted, so that no key is made in its place", () => {
    const failure = failureOf(() => awaitMount("/mnt/my disk/earshot", tables(USB, "")));
    expect(failure?.message).toBe("/mnt/my disk/earshot is on /mnt/my disk, which is not mounted yet");
    expect(failure?.advice).toContain("sudo mount");
  });

  test("is there once it is mounted; others do not matter", () => {
    const mounted = "/dev/sda1 /mnt/my\\040disk ext4 rw 0 0";
    expect(failureOf(() => awaitMount("/mnt/my disk/earshot", tables(USB, mounted)))).toBeUndefined();
    expect(failureOf(() => awaitMount("/var/lib/earshot", tables(USB, "")))).toBeUndefined();
    expect(failureOf(() => awaitMount("/mnt/my disk2", tables(USB, "")))).toBeUndefined();
    const own = "/dev/sdb1 /mnt/my\\040disk/earshot ext4 rw 0 0";
    expect(failureOf(() => awaitMount("/mnt/my disk/earshot", tables(USB, own)))).toBeUndefined();
  });

  test("is found behind a link", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "disk"));
    symlinkSync(join(folder, "disk"), join(folder, "state"));
    const paths = tables(`UUID=2 ${folder}/disk ext4 nofail 0 2`, "");
    expect(failureOf(() => awaitMount(join(folder, "state"), paths))?.message).toContain("not mounted yet");
  });
});

describe.skipIf(process.getuid?.() !== 0)("owners", () => {
  test("root does not run in the service's folder, nor the service with root's files: each is told whose it is", () => {
    const folder = temporaryFolder();
    chownSync(folder, 1, 1);
    const asRoot = failureOf(() => prepareStateFolder(folder));
    expect(asRoot?.message).toBe(`${folder} belongs to daemon, but the agent runs as root`);
    expect(asRoot?.advice).not.toContain("chown");

    writeFileSync(join(folder, "outbox.db"), "");
    const script = `import { prepareStateFolder } from ${JSON.stringify(join(import.meta.dir, "state-folder.ts"))};
      process.setgid(1); process.setuid(1);
      try { prepareStateFolder(${JSON.stringify(folder)}); } catch (error) { console.log(error.message, error.advice); }`;
    const told = () => execFileSync(process.execPath, ["-e", script], { encoding: "utf8" }).trim();
    expect(told()).toBe(
      `${folder}/outbox.db belongs to root, but its folder to daemon Give all of it to the folder's owner: sudo chown -R daemon ${folder}.`,
    );
    execFileSync("chown", ["-R", "daemon", folder]);
    expect(told()).toBe("");
    chownSync(folder, 0, 0);
    chmodSync(folder, 0o755);
    expect(told()).toBe(
      `${folder} belongs to root, but the agent runs as daemon Give it to the agent's user: sudo chown -R daemon ${folder}.`,
    );
  });
});

test("SQLite's failures say what the system's do", () => {
  const sqlite = (errcode: number) =>
    new Error("Cannot open the outbox", { cause: Object.assign(new Error("x"), { errcode }) });
  expect(storageError(sqlite(13), "/s").message).toBe("/s cannot be written: its disk is full");
  expect(storageError(sqlite(8), "/s").message).toBe("/s cannot be written: its disk is read-only");
  expect(storageError(sqlite(10 | (3 << 8)), "/s").message).toStartWith("/s cannot be read or written");
});

test("a folder that becomes another one is noticed, or that goes away", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  let id = "1:2";
  const watch = () => untilFolderChanges(() => id, "1:2", clock, stop.signal);
  const first = watch();
  await clock.advance(60_000);
  id = "9:2";
  expect(await clock.resolve(first, 10_000)).toContain("another disk");
  const gone = untilFolderChanges(folderId("/nonexistent"), "1:2", clock, stop.signal);
  expect(await clock.resolve(gone, 10_000)).toContain("ENOENT");
  id = "1:2";
  const last = watch();
  stop.abort();
  expect(await last).toBeUndefined();
  expect(clock.pending).toBe(0);
});
