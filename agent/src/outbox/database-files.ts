import {
  closeSync,
  existsSync,
  fchmodSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { withRegularFile } from "@earshot/protocol/runtime";

/** SQLite gives its write-ahead log and index the mode of the database. */
const SUFFIXES = ["", "-wal", "-shm"];
const OWNER_ONLY = 0o600;

/** The outbox of an agent that met a newer one's: beside it, named by the agent's own schema. */
export const besideName = (schemaVersion: number): string => `outbox-v${schemaVersion}.db`;

/** Paths of all outboxes in the folder. */
export const outboxesIn = (stateDir: string): string[] =>
  readdirSync(stateDir)
    .filter((name) => /^outbox(-v[0-9]{1,9})?\.db$/.test(name))
    .sort()
    .map((name) => join(stateDir, name));

/** Where a damaged one was moved to, and is still there. */
export function damagedIn(stateDir: string): string | undefined {
  const name = readdirSync(stateDir).find((one) => one.startsWith("outbox") && one.endsWith(".db.corrupt"));
  return name === undefined ? undefined : join(stateDir, name);
}

/** Where a database file has its version (sqlite.org/fileformat2.html, 1.3.12). */
const VERSION_AT = 60;

/** By the file's header; the write-ahead log may have another. 0 when it is no database. */
export function headerVersion(path: string): number {
  const header = Buffer.alloc(VERSION_AT + 4);
  const read = withRegularFile(path, (file) => readSync(file, header, 0, header.length, 0)) ?? 0;
  const isDatabase = read === header.length && header.toString("latin1", 0, 15) === "SQLite format 3";
  return isDatabase ? header.readUInt32BE(VERSION_AT) : 0;
}

/** Makes the files readable by their owner only; those that SQLite makes can be read by everybody. */
export function keepPrivate(path: string): void {
  const isFile = withRegularFile(path, () => true) ?? false;
  if (!isFile) closeSync(openSync(path, "wx", OWNER_ONLY));
  for (const file of SUFFIXES.map((suffix) => path + suffix)) {
    withRegularFile(file, (descriptor) => fchmodSync(descriptor, OWNER_ONLY));
  }
}

/** Moves it with its write-ahead log, which a new database must not read. Replaces what was moved there before. */
export function moveAside(path: string, aside: string): void {
  for (const suffix of SUFFIXES) {
    rmSync(aside + suffix, { force: true });
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
}

/** The database first: SQLite deletes a log that it finds beside an empty one. */
export function removeDatabase(path: string): void {
  for (const suffix of SUFFIXES) rmSync(path + suffix, { force: true });
}

/** Which file is at this path now; `undefined` when there is none. */
export function fileId(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino}`;
}
