import { closeSync, existsSync, fchmodSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { PACKET_TYPE_NUMBERS } from "@earshot/protocol/hotspot";
import { withRegularFile } from "@earshot/protocol/runtime";

const SCHEMA_VERSION = 1;
/** A packet's number has 32 bits. */
const LAST_SEQUENCE = 2 ** 32 - 1;
/** A fact that is there only while no outbox is open: then 'next-sequence' is exact. */
export const CLOSED = "closed";
/** Counts that are kept as facts. */
export const COUNTS = { nextSequence: "next-sequence", dropped: "dropped" } as const;
/** One transaction, so that a database without its first number is never seen. */
const newDatabase = (firstSequence: number) => `
  BEGIN IMMEDIATE;
  CREATE TABLE packet (
    sequence INTEGER PRIMARY KEY, type TEXT NOT NULL, made_at_ms INTEGER NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  INSERT INTO fact VALUES ('${COUNTS.nextSequence}', '${firstSequence}'), ('${COUNTS.dropped}', '0'), ('${CLOSED}', '1');
  PRAGMA user_version = ${SCHEMA_VERSION};
  COMMIT;
`;

/** SQLite's result codes for a file that is not, or no longer, a sound database. */
const CORRUPT = new Set([11, 26]);
const LOCKED = new Set([5, 6]);

/** The file is no database, or is damaged. */
export class UnusableDatabaseError extends Error {
  override readonly name = "UnusableDatabaseError";
}

/** The database is sound, but another agent uses it or a newer version made it. */
export class NotOursError extends Error {
  override readonly name = "NotOursError";
  /** What to do. */
  readonly advice: string;

  constructor(message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.advice = advice;
  }
}

/**
 * The outbox's database, made where there is none; locked for this process alone.
 *
 * @param firstSequence the first number of a new database
 * @throws {UnusableDatabaseError} move the file away and make a new one
 * @throws {NotOursError} another agent has it open, or a newer one made it
 * @throws {Error} whatever else is wrong: permissions, a full disk
 */
export function openDatabase(path: string, firstSequence: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // Before anything is written: a newer agent's database must not be changed.
    checkVersion(path, versionOf(path));
    keepPrivate(path);
    database = new DatabaseSync(path);
    // A packet has some 200 bytes, and SQLite writes each changed page as a whole.
    database.exec("PRAGMA page_size = 1024; PRAGMA locking_mode = EXCLUSIVE;");
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    const check = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    if (check !== "ok") throw new UnusableDatabaseError(String(check));
    const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    checkVersion(path, version);
    if (version === 0) database.exec(newDatabase(firstSequence));
    else checkContent(database);
    return database;
  } catch (error) {
    database?.close();
    throw translated(error, path);
  }
}

/** Where a database file has its version (sqlite.org/fileformat2.html, 1.3.12). */
const VERSION_AT = 60;

/** By the file's header; the write-ahead log may have another. 0 when it is no database. */
function versionOf(path: string): number {
  const header = Buffer.alloc(VERSION_AT + 4);
  const read = withRegularFile(path, (file) => readSync(file, header, 0, header.length, 0)) ?? 0;
  const isDatabase = read === header.length && header.toString("latin1", 0, 15) === "SQLite format 3";
  return isDatabase ? header.readUInt32BE(VERSION_AT) : 0;
}

function checkVersion(path: string, version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new NotOursError(
    `The outbox ${path} was made by a newer agent (version ${version}; this one knows ${SCHEMA_VERSION}); nothing in it was changed`,
    "Install that version of the agent again.",
  );
}

/** The pages may be sound and their content wrong. @throws {UnusableDatabaseError} */
function checkContent(database: DatabaseSync): void {
  const next = database.prepare("SELECT value FROM fact WHERE key = ?").get(COUNTS.nextSequence)?.value;
  if (!/^[0-9]+$/.test(String(next)) || Number(next) < 1 || Number(next) > LAST_SEQUENCE) {
    throw new UnusableDatabaseError(`its ${COUNTS.nextSequence} is ${JSON.stringify(next)}`);
  }
  const types = Object.keys(PACKET_TYPE_NUMBERS)
    .map((type) => `'${type}'`)
    .join(", ");
  const odd = database
    .prepare(
      `SELECT sequence, type FROM packet WHERE sequence NOT BETWEEN 1 AND ${LAST_SEQUENCE} OR type NOT IN (${types})`,
    )
    .get();
  if (odd !== undefined) throw new UnusableDatabaseError(`it holds a ${odd.type} numbered ${odd.sequence}`);
}

export const isCorrupt = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && CORRUPT.has(Number(error.errcode) & 0xff);

function translated(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("errcode" in error)) return error;
  if (isCorrupt(error)) return new UnusableDatabaseError(error.message, { cause: error });
  if (LOCKED.has(Number(error.errcode) & 0xff)) {
    return new NotOursError(
      `Cannot open the outbox ${path}: another agent is running on the same state_dir`,
      "Stop it, or give this one a state_dir and key of its own.",
      { cause: error },
    );
  }
  return new Error(`Cannot open the outbox ${path}: ${error.message}`, { cause: error });
}

const OWNER_ONLY = 0o600;
/** SQLite gives its write-ahead log and index the mode of the database. */
const SUFFIXES = ["", "-wal", "-shm"];

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

/** Which file is at this path now; `undefined` when there is none. */
export function fileId(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino}`;
}
