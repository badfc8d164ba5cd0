import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { PacketType } from "@earshot/protocol/hotspot";
import type { OutboxEntry } from "./outbox.ts";
import {
  type EntryFacts,
  type OutboxStorage,
  RESERVED_NUMBERS,
  type StorageChange,
  type StoredOutbox,
} from "./outbox-storage.ts";
import type { SequenceMark } from "./sequence-mark.ts";

const SCHEMA_VERSION = 1;
/** A fact that is there while no outbox is open: 'next-sequence' is then the very number that comes next. */
const CLOSED = "closed";
/** One transaction, so that a database without its first number is never seen. */
const newDatabase = (firstSequence: number) => `
  BEGIN IMMEDIATE;
  CREATE TABLE packet (
    sequence INTEGER PRIMARY KEY, type TEXT NOT NULL, made_at_ms INTEGER NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  INSERT INTO fact VALUES ('next-sequence', '${firstSequence}'), ('dropped', '0'), ('${CLOSED}', '1');
  PRAGMA user_version = ${SCHEMA_VERSION};
  COMMIT;
`;

/** Counts that are kept as facts. */
const COUNTS = { nextSequence: "next-sequence", dropped: "dropped" } as const;

/** SQLite's result codes for a file that is not, or no longer, a sound database. */
const CORRUPT = new Set([11, 26]);

/** The file is no database, is damaged, or was written by a version that this one does not know. */
export class UnusableDatabaseError extends Error {
  override readonly name = "UnusableDatabaseError";
}

/**
 * Packets in one SQLite file, write-ahead logged, each transaction synced to disk: a number that was
 * published and then forgotten in a power cut would be used twice. Locked for this process alone.
 *
 * @throws {UnusableDatabaseError} move the file away and begin a new one
 * @throws {Error} whatever else is wrong: permissions, a full disk, another agent on the same file
 */
export function sqliteStorage(path: string, mark: SequenceMark): OutboxStorage {
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path, Math.max(1, mark.value));
    return new SqliteStorage(database, mark);
  } catch (error) {
    database?.close();
    throw translated(error, path);
  }
}

/** @param firstSequence of a database that is made anew */
function openDatabase(path: string, firstSequence: number): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    // A packet has some 200 bytes, and each page that a transaction touches is written whole.
    database.exec("PRAGMA page_size = 1024; PRAGMA locking_mode = EXCLUSIVE;");
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    const check = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    if (check !== "ok") throw new UnusableDatabaseError(String(check));
    const version = database.prepare("PRAGMA user_version").get()?.user_version;
    if (version === 0) database.exec(newDatabase(firstSequence));
    else if (version !== SCHEMA_VERSION) throw new UnusableDatabaseError(`it has version ${version}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function translated(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("errcode" in error)) return error;
  const code = Number(error.errcode) & 0xff;
  if (CORRUPT.has(code)) return new UnusableDatabaseError(error.message, { cause: error });
  const isLocked = code === 5 || code === 6;
  const hint = isLocked
    ? "another agent is running on the same state_dir: stop it, or give this one a state_dir and key of its own"
    : error.message;
  return new Error(`Cannot open the outbox ${path}: ${hint}`, { cause: error });
}

class SqliteStorage implements OutboxStorage {
  readonly #database: DatabaseSync;
  readonly #mark: SequenceMark;
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  readonly #setFact: StatementSync;
  readonly #getFact: StatementSync;
  readonly #forgetFact: StatementSync;
  readonly #read: StatementSync;
  /** What `fact` has of the two counts. */
  #written = { nextSequence: 0, dropped: 0 };

  constructor(database: DatabaseSync, mark: SequenceMark) {
    this.#database = database;
    this.#mark = mark;
    this.#insert = database.prepare(
      "INSERT INTO packet (sequence, type, made_at_ms, bytes) VALUES (?, ?, ?, ?)",
    );
    this.#remove = database.prepare("DELETE FROM packet WHERE sequence = ?");
    this.#setFact = database.prepare(
      "INSERT INTO fact (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    );
    this.#forgetFact = database.prepare("DELETE FROM fact WHERE key = ?");
    this.#getFact = database.prepare("SELECT value FROM fact WHERE key = ?");
    this.#read = database.prepare("SELECT sequence, type, made_at_ms, bytes FROM packet WHERE sequence = ?");
  }

  load(): StoredOutbox {
    const rows = this.#database
      .prepare(
        "SELECT sequence, type, made_at_ms, length(bytes) AS byte_length FROM packet ORDER BY sequence",
      )
      .all();
    const entries = rows.map(
      (row): EntryFacts => ({
        sequence: Number(row.sequence),
        type: row.type as PacketType,
        madeAtMs: Number(row.made_at_ms),
        byteLength: Number(row.byte_length),
      }),
    );
    const dropped = Number(this.recall("dropped"));
    this.#written = { nextSequence: Number(this.recall("next-sequence")), dropped };
    const afterLast = (entries.at(-1)?.sequence ?? 0) + 1;
    const wasClosed = this.recall(CLOSED) !== undefined;
    const known = Math.max(this.#written.nextSequence, afterLast) + (wasClosed ? 0 : RESERVED_NUMBERS);
    const nextSequence = this.#mark.resume(known);
    this.#transaction(() => {
      this.#setCount("nextSequence", nextSequence);
      this.#forgetFact.run(CLOSED);
    });
    return { nextSequence, dropped, entries };
  }

  write(change: StorageChange): void {
    this.#mark.reserve(change.nextSequence + RESERVED_NUMBERS);
    this.#transaction(() => this.#apply(change));
  }

  read(sequence: number): OutboxEntry | undefined {
    const row = this.#read.get(sequence);
    if (row === undefined) return undefined;
    return {
      sequence,
      type: row.type as PacketType,
      madeAtMs: Number(row.made_at_ms),
      bytes: row.bytes as Uint8Array,
    };
  }

  recall(key: string): string | undefined {
    const row = this.#getFact.get(key);
    return row === undefined ? undefined : String(row.value);
  }

  close(nextSequence: number): void {
    try {
      this.#transaction(() => {
        this.#setCount("nextSequence", nextSequence);
        this.#setFact.run(CLOSED, "1");
      });
    } finally {
      this.#database.close();
    }
  }

  #transaction(work: () => void): void {
    const written = { ...this.#written };
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#rollBack();
      this.#written = written;
      throw error;
    }
  }

  #apply({ insert, remove, facts, nextSequence, dropped }: StorageChange): void {
    for (const { sequence, type, madeAtMs, bytes } of insert)
      this.#insert.run(sequence, type, madeAtMs, bytes);
    for (const sequence of remove) this.#remove.run(sequence);
    for (const [key, value] of facts) this.#setFact.run(key, value);
    // While the latest packet is there, it says which number comes next: one page less to write.
    const isTold = insert.at(-1)?.sequence === nextSequence - 1 && remove.length === 0;
    if (!isTold) this.#setCount("nextSequence", nextSequence);
    this.#setCount("dropped", dropped);
  }

  #setCount(name: keyof typeof COUNTS, value: number): void {
    if (this.#written[name] === value) return;
    this.#setFact.run(COUNTS[name], String(value));
    this.#written[name] = value;
  }

  /** Some errors (a full disk) have rolled back already; then this one fails, and the first error is the one to tell. */
  #rollBack(): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      return;
    }
  }
}
