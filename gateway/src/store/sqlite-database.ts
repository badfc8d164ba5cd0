import { Database as Connection } from "bun:sqlite";
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode, Mutex } from "@earshot/protocol/runtime";
import { SQL } from "bun";
import type { Database, StoreOptions } from "./database.ts";
import { Fence, heldBy, nextOwner, OWNER_FACT, StoreRefusedError } from "./owner.ts";
import { inspect, openTables } from "./schema.ts";

const IN_MEMORY = ":memory:";

/** Waits for the other connection's checkpoints. */
const BUSY_TIMEOUT_MS = 5000;
const pragmas = (isLasting: boolean) => [
  "PRAGMA journal_mode = WAL",
  // A PUBACK promises durability, so each commit is flushed to the disk, not only to the kernel.
  `PRAGMA synchronous = ${isLasting ? "FULL" : "OFF"}`,
  `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
  // Hotspots by the thousand touch as many pages of each index, again and again: they stay in memory, 16 MiB of them.
  // The write-ahead log stays as short as it is by default, 4 MB: a longer one fills small disks.
  "PRAGMA cache_size = -16384",
];

/** @param path of the file, or `:memory:` */
export async function openSqlite(path: string, options: StoreOptions = {}): Promise<Database> {
  const { isLasting = true, check, ...rest } = options;
  const isFile = path !== IN_MEMORY;
  if (isFile) mkdirSync(dirname(path), { recursive: true });
  const release = isFile ? lock(path) : () => undefined;
  const sql = new SQL(`sqlite://${path}`);
  try {
    // Before anything is written: one that is refused stays as it is, to the byte.
    await inspect(sql, "sqlite", { check });
    for (const pragma of pragmas(isLasting)) await sql.unsafe(pragma);
    const keepCopy = async (_tx: SQL, version: number) => keepCopyOf(path, version);
    const fence = await openTables(sql, { dialect: "sqlite", takeOver, keepCopy }, rest);
    return database(sql, fence, isFile ? openWriter(path, isLasting) : undefined, release);
  } catch (error) {
    await sql.close();
    release();
    throw error;
  }
}

function database(sql: SQL, fence: Fence, writer: Connection | undefined, release: () => void): Database {
  const ownerNow = async (tx: SQL) =>
    (await tx<{ value: string }[]>`SELECT value FROM facts WHERE name = ${OWNER_FACT}`)[0]?.value;
  // One connection writes at a time: a statement between another's BEGIN and COMMIT would be part of that transaction.
  const writing = new Mutex();
  return {
    sql,
    exclusive: true,
    transaction: (work) =>
      writing.run(() =>
        sql.begin(async (tx) => {
          fence.check(await ownerNow(tx));
          return work(tx);
        }),
      ),
    ...(writer !== undefined && { prepared: (work) => writing.run(async () => atOnce(writer, fence, work)) }),
    lost: fence.lost,
    async checkOwner() {
      fence.check(await ownerNow(sql));
      return fence.number;
    },
    async close() {
      await writing.run(async () => writer?.close());
      await sql.close();
      release();
    },
  };
}

/** Copies the database beside itself, durable when this returns; instead of an earlier copy of the same schema. */
function keepCopyOf(path: string, version: number): string {
  const copy = `${path}.schema-${version}`;
  const unfinished = `${copy}.unfinished`;
  rmSync(unfinished, { force: true });
  try {
    // As it was before the transaction that this is part of; with its write-ahead log, which a copy of the file would lack.
    using reader = new Connection(path, { readonly: true });
    reader.query("VACUUM INTO ?").run(unfinished);
    chmodSync(unfinished, statSync(path).mode);
    flush(unfinished);
    renameSync(unfinished, copy);
    flush(dirname(copy));
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  return copy;
}

function flush(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

async function takeOver(tx: SQL): Promise<Fence> {
  const [row] = await tx<{ value: string }[]>`SELECT value FROM facts WHERE name = ${OWNER_FACT}`;
  const value = nextOwner(row?.value);
  await tx`INSERT INTO facts ${tx({ name: OWNER_FACT, value })}
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
  return new Fence(value);
}

/**
 * A second connection, for statements that are prepared once: `Bun.SQL` writes the text of a statement anew for each
 * number of rows, and SQLite compiles it anew. All else, reading above all, stays with the one SQL of both databases.
 */
function openWriter(path: string, isLasting: boolean): Connection {
  const writer = new Connection(path);
  for (const pragma of pragmas(isLasting)) writer.run(pragma);
  return writer;
}

function atOnce<T>(writer: Connection, fence: Fence, work: (writer: Connection) => T): T {
  writer.query("BEGIN IMMEDIATE").run();
  try {
    const row = writer
      .query<{ value: string }, [string]>("SELECT value FROM facts WHERE name = ?")
      .get(OWNER_FACT);
    fence.check(row?.value);
    const result = work(writer);
    writer.query("COMMIT").run();
    return result;
  } catch (error) {
    // A commit that fails may have ended the transaction or not.
    if (writer.inTransaction) writer.query("ROLLBACK").run();
    throw error;
  }
}

/**
 * SQLite locks a second file with the operating system's file lock, which is released when the process ends, however it
 * ends: after `kill -9` the next gateway starts at once. The database itself stays open to readers.
 */
function lock(path: string): () => void {
  const file = new Connection(`${path}.lock`);
  try {
    // Nothing is written, so no journal is needed.
    file.run("PRAGMA journal_mode = MEMORY");
    file.run("BEGIN EXCLUSIVE");
  } catch (error) {
    file.close();
    if (errorCode(error) !== "SQLITE_BUSY") throw error;
    throw new StoreRefusedError(heldBy(ownerIn(path)), { cause: error });
  }
  return () => {
    if (file.inTransaction) file.run("ROLLBACK");
    file.close();
  };
}

function ownerIn(path: string): string | undefined {
  try {
    using reader = new Connection(path, { readonly: true });
    return reader.query<{ value: string }, [string]>("SELECT value FROM facts WHERE name = ?").get(OWNER_FACT)
      ?.value;
  } catch {
    // It has only just been made.
    return undefined;
  }
}
