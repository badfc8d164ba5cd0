import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ManualClock } from "@earshot/protocol/testing";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { folderId, prepareStateFolder, untilFolderChanges } from "./state-folder.ts";
import { StorageError, storageError } from "./storage-error.ts";

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

test("a file in its place is reported", () => {
  const path = join(temporaryFolder(), "state");
  writeFileSync(path, "");
  expect(failureOf(() => prepareStateFolder(path))?.message).toContain("state is no folder (EEXIST");
});

describe.skipIf(process.getuid?.() !== 0)("owners", () => {
  test("root does not run in the service's folder, nor the service with root's files: each message names the owner", () => {
    const folder = temporaryFolder();
    chownSync(folder, 1, 1);
    const asRoot = failureOf(() => prepareStateFolder(folder));
    expect(asRoot?.message).toBe(`${folder} belongs to daemon, but the agent runs as root`);
    expect(asRoot?.advice).not.toContain("chown");

    writeFileSync(join(folder, "outbox.db"), "");
    const script = `import { folderId, prepareStateFolder, untilFolderChanges } from ${JSON.stringify(join(import.meta.dir, "state-folder.ts"))};
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

test("SQLite's failures give the same text as the system's", () => {
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
