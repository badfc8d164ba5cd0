import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PACKET_TYPE_NUMBERS } from "@earshot/protocol/hotspot";
import { keepPrivate } from "./database-files.ts";
import { renameDurably } from "./durable-file.ts";
import { COUNTS, MIGRATIONS, type Migration } from "./schema.ts";
import { translated, UnusableDatabaseError } from "./sqlite-errors.ts";

/** A packet's number has 32 bits. */
export const LAST_SEQUENCE = 2 ** 32 - 1;

export interface DatabaseOptions {
  /** The first number of a new database. */
  firstSequence: number;
  /** What a new database begins with. */
  facts?: ReadonlyMap<string, string>;
  /** `MIGRATIONS` unless given: those of another version's agent. */
  migrations?: readonly Migration[];
}

/**
 * The outbox's database, made where there is none, migrated where it is older; locked for this process alone.
 *
 * @throws {UnusableDatabaseError} move the file away and make a new one
 * @throws {NotOursError} another agent has it open
 * @throws {Error} whatever else is wrong: permissions, a full disk
 */
export function openDatabase(path: string, options: DatabaseOptions): DatabaseSync {
  const { migrations = MIGRATIONS } = options;
  let database: DatabaseSync | undefined;
  try {
    keepPrivate(path);
    database = new DatabaseSync(path);
    execute(database, [
      // A packet has some 200 bytes, and SQLite writes each changed page as a whole.
      "PRAGMA page_size = 1024",
      "PRAGMA locking_mode = EXCLUSIVE",
      "PRAGMA journal_mode = WAL",
      "PRAGMA synchronous = FULL",
    ]);
    const check = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    if (check !== "ok") throw new UnusableDatabaseError(String(check));
    const version = schemaVersion(database);
    if (version === 0) makeSchema(database, options);
    else checkContent(database);
    if (version > 0 && version < migrations.length) migrate(database, path, version, migrations);
    return database;
  } catch (error) {
    database?.close();
    throw translated(error, path);
  }
}

export const schemaVersion = (database: DatabaseSync): number =>
  Number(database.prepare("PRAGMA user_version").get()?.user_version);

/** Not `exec`: its errors have no result code under Deno. */
export function execute(database: DatabaseSync, statements: readonly string[]): void {
  for (const statement of statements) database.prepare(statement).run();
}

/** One transaction, so that a database without its first number is never seen. */
function makeSchema(
  database: DatabaseSync,
  { firstSequence, facts = new Map(), migrations = MIGRATIONS }: DatabaseOptions,
): void {
  execute(database, ["BEGIN IMMEDIATE", ...migrations.flat()]);
  const setFact = database.prepare(
    "INSERT INTO fact VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  );
  for (const [key, value] of facts) setFact.run(key, value);
  setFact.run(COUNTS.nextSequence, String(firstSequence));
  execute(database, [`PRAGMA user_version = ${migrations.length}`, "COMMIT"]);
}

/**
 * All steps in one transaction: after a power cut, or a failure that was reported though it was done, the database has
 * either version. A copy of what it was stays beside it until the next migration.
 */
function migrate(
  database: DatabaseSync,
  path: string,
  version: number,
  migrations: readonly Migration[],
): void {
  keepCopy(database, path, migrations.length);
  execute(database, ["BEGIN IMMEDIATE", ...migrations.slice(version).flat()]);
  execute(database, [
    `PRAGMA user_version = ${migrations.length}`,
    "COMMIT",
    // Into the file itself, whose header other versions look at.
    "PRAGMA wal_checkpoint(TRUNCATE)",
  ]);
}

/** Where the copy from before a migration is. */
const copyName = (path: string, toVersion: number): string => `${path}.before-v${toVersion}`;

function keepCopy(database: DatabaseSync, path: string, toVersion: number): void {
  const copy = copyName(path, toVersion);
  copyTo(database, `${copy}.new`);
  renameDurably(`${copy}.new`, copy);
  for (const name of readdirSync(dirname(path))) {
    const isOlder = name.startsWith(`${basename(path)}.before-v`) && name !== basename(copy);
    if (isOlder) rmSync(join(dirname(path), name), { force: true });
  }
}

/** Writes the whole database to another file. @throws {Error} as SQLite does; then there is no such file */
export function copyTo(database: DatabaseSync, path: string): void {
  rmSync(path, { force: true });
  keepPrivate(path);
  try {
    execute(database, [`VACUUM INTO '${path.replaceAll("'", "''")}'`]);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
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
