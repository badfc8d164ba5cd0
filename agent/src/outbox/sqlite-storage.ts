import { renameSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Log, PacketType } from "@earshot/protocol/hotspot";
import { damagedIn, fileId, moveAside } from "./database-files.ts";
import type { OutboxEntry } from "./outbox.ts";
import {
  type EntryFacts,
  type OutboxStorage,
  RESERVED_NUMBERS,
  type StorageChange,
  type StoredEntry,
  type StoredOutbox,
} from "./outbox-storage.ts";
import { salvage } from "./salvage.ts";
import { CLOSED, COUNTS } from "./schema.ts";
import type { SequenceMark } from "./sequence-mark.ts";
import { copyTo, type DatabaseOptions, execute, openDatabase } from "./sqlite-database.ts";
import { isCorrupt, UnusableDatabaseError } from "./sqlite-errors.ts";

/** Stored in place of a time that was not confirmed. */
const NO_TIME = 0;

export interface SqliteStorageOptions extends Omit<DatabaseOptions, "firstSequence"> {
  path: string;
  mark: SequenceMark;
  log: Log;
  /** The lowest number that may be used; 1 unless given. */
  atLeast?: number;
}

/** What another file of the same hotspot has. */
export interface OtherOutbox {
  packets: Iterable<StoredEntry>;
  /** Packets of this file that need not be sent any more. */
  done: readonly number[];
  facts: ReadonlyMap<string, string>;
  /** `undefined` where it is lost: then the sequence mark is above all numbers that were used. */
  nextSequence: number | undefined;
}

/** Counts and state of one file; everything else that is remembered moves from file to file. */
const OWN_FACTS: readonly string[] = [CLOSED, ...Object.values(COUNTS)];

const statementsOf = (database: DatabaseSync) =>
  ({
    insert: database.prepare("INSERT INTO packet (sequence, type, made_at_ms, bytes) VALUES (?, ?, ?, ?)"),
    insertNew: database.prepare(
      "INSERT OR IGNORE INTO packet (sequence, type, made_at_ms, bytes) VALUES (?, ?, ?, ?)",
    ),
    remove: database.prepare("DELETE FROM packet WHERE sequence = ?"),
    setFact: database.prepare(
      "INSERT INTO fact (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    ),
    forgetFact: database.prepare("DELETE FROM fact WHERE key = ?"),
    getFact: database.prepare("SELECT value FROM fact WHERE key = ?"),
    read: database.prepare("SELECT type, bytes FROM packet WHERE sequence = ?"),
    setDone: database.prepare("INSERT OR IGNORE INTO done VALUES (?)"),
  }) satisfies Record<string, StatementSync>;

function insertInto(insert: StatementSync, { sequence, type, madeAtMs, bytes }: StoredEntry): void {
  insert.run(sequence, type, madeAtMs ?? NO_TIME, bytes);
}

/**
 * Packets in one SQLite file with a write-ahead log. Each transaction is synced to disk: a number that was published and
 * then lost in a power cut would be used twice.
 *
 * - A damaged database is moved to `….corrupt`, at the start or whenever the damage is found. A new one is made with what
 *   can be read of it; its numbers continue from the sequence mark.
 * - A file that is deleted or replaced while it is open is written again with its whole content.
 *
 * @throws {Error} as `openDatabase`, except for damaged databases
 */
export class SqliteStorage implements OutboxStorage {
  readonly #options: SqliteStorageOptions;
  readonly #path: string;
  readonly #aside: string;
  readonly #mark: SequenceMark;
  readonly #log: Log;
  #database: DatabaseSync;
  #sql: ReturnType<typeof statementsOf>;
  #fileId: string | undefined;
  #isOpen = true;
  /** The two counts as they are in the table `fact`. */
  #written = { nextSequence: 0, dropped: 0 };

  constructor(options: SqliteStorageOptions) {
    const { path, mark, log } = options;
    this.#options = options;
    this.#path = path;
    this.#aside = `${path}.corrupt`;
    this.#mark = mark;
    this.#log = log;
    this.#database = this.#openOrReplace();
    this.#sql = statementsOf(this.#database);
    this.#fileId = fileId(path);
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
        madeAtMs: Number(row.made_at_ms) || undefined,
        byteLength: Number(row.byte_length),
      }),
    );
    this.#written = this.#counts();
    const { dropped } = this.#written;
    const afterLast = (entries.at(-1)?.sequence ?? 0) + 1;
    const wasClosed = this.recall(CLOSED) !== undefined;
    const known = Math.max(this.#written.nextSequence, afterLast) + (wasClosed ? 0 : RESERVED_NUMBERS);
    const nextSequence = Math.max(this.#options.atLeast ?? 1, this.#mark.resume(known));
    this.#transaction(() => {
      this.#setCount("nextSequence", nextSequence);
      this.#sql.forgetFact.run(CLOSED);
    });
    return { nextSequence, dropped, entries };
  }

  write(change: StorageChange): void {
    this.#ensureOpen();
    this.#mark.reserve(change.nextSequence + RESERVED_NUMBERS);
    this.#transaction(() => this.#apply(change));
  }

  read(sequence: number): OutboxEntry | undefined {
    if (!this.#isOpen) this.#open();
    const row = this.#readRow(sequence);
    if (row === undefined) return undefined;
    return {
      sequence,
      type: row.type as PacketType,
      bytes: row.bytes as Uint8Array,
    };
  }

  #readRow(sequence: number) {
    try {
      return this.#sql.read.get(sequence);
    } catch (error) {
      if (isCorrupt(error)) this.#close();
      throw error;
    }
  }

  recall(key: string): string | undefined {
    const row = this.#sql.getFact.get(key);
    return row === undefined ? undefined : String(row.value);
  }

  close(nextSequence: number): void {
    try {
      this.#transaction(() => {
        this.#setCount("nextSequence", nextSequence);
        this.#sql.setFact.run(CLOSED, "1");
      });
    } finally {
      this.#database.close();
    }
  }

  /** Packets of other files that need not be sent any more. */
  done(): number[] {
    const rows = this.#database.prepare("SELECT sequence FROM done").all();
    return rows.map(({ sequence }) => Number(sequence));
  }

  /** Takes over all that another file has, in one transaction. Again after it, it changes nothing. Before `load`. */
  adopt({ packets, done, facts, nextSequence }: OtherOutbox): void {
    const own = this.#counts().nextSequence;
    this.#mark.check(own);
    const next = Math.max(own, nextSequence ?? this.#mark.value);
    this.#mark.reserve(next + RESERVED_NUMBERS);
    this.#transaction(() => {
      for (const entry of packets) insertInto(this.#sql.insertNew, entry);
      for (const sequence of done) {
        this.#sql.remove.run(sequence);
        this.#sql.setDone.run(sequence);
      }
      for (const [key, value] of facts) if (!OWN_FACTS.includes(key)) this.#sql.setFact.run(key, value);
      this.#setCount("nextSequence", next);
    });
  }

  damagedFile(): string | undefined {
    try {
      return damagedIn(dirname(this.#path));
    } catch {
      // The folder is gone, which writing tells.
      return undefined;
    }
  }

  #openOrReplace(): DatabaseSync {
    const firstSequence = Math.max(this.#options.atLeast ?? 1, this.#mark.value);
    const options = { ...this.#options, firstSequence };
    try {
      return openDatabase(this.#path, options);
    } catch (error) {
      if (!(error instanceof UnusableDatabaseError)) throw error;
      moveAside(this.#path, this.#aside);
      const saved = salvage(this.#aside);
      const database = openDatabase(this.#path, options);
      const { insert, forgetFact } = statementsOf(database);
      execute(database, ["BEGIN IMMEDIATE"]);
      for (const entry of saved) insertInto(insert, entry);
      forgetFact.run(CLOSED);
      execute(database, ["COMMIT"]);
      const facts = {
        why: error.message,
        movedTo: this.#aside,
        saved: saved.length,
        nextSequence: firstSequence,
      };
      this.#log.error("The outbox was damaged: a new one was begun with what could be read of it", facts);
      return database;
    }
  }

  /** Opens the database again if it is closed, or if another file is at its path. */
  #ensureOpen(): void {
    if (this.#isOpen && fileId(this.#path) === this.#fileId) return;
    if (this.#isOpen) this.#rewrite();
    this.#open();
  }

  #open(): void {
    this.#database = this.#openOrReplace();
    this.#isOpen = true;
    this.#sql = statementsOf(this.#database);
    this.#fileId = fileId(this.#path);
    this.#written = this.#counts();
    this.#sql.forgetFact.run(CLOSED);
  }

  /** Somebody deleted the file or put another one there; the open database still has everything. */
  #rewrite(): void {
    const draft = `${this.#path}.new`;
    copyTo(this.#database, draft);
    // Before the rename: closing deletes the write-ahead log by its name, which the new file's log will have.
    this.#close();
    if (fileId(this.#path) !== undefined) moveAside(this.#path, `${this.#path}.replaced`);
    renameSync(draft, this.#path);
    this.#log.error("The outbox's file was deleted or replaced while it was in use: it was written anew", {
      path: this.#path,
    });
  }

  #close(): void {
    this.#isOpen = false;
    try {
      this.#database.close();
    } catch {
      // It may be damaged.
    }
  }

  #counts(): { nextSequence: number; dropped: number } {
    return {
      nextSequence: Number(this.recall(COUNTS.nextSequence)),
      dropped: Number(this.recall(COUNTS.dropped)) || 0,
    };
  }

  #transaction(work: () => void): void {
    const written = { ...this.#written };
    execute(this.#database, ["BEGIN IMMEDIATE"]);
    try {
      work();
      execute(this.#database, ["COMMIT"]);
    } catch (error) {
      this.#rollBack();
      this.#written = written;
      // It is opened again with the next packet, and what can be read of it is kept.
      if (isCorrupt(error)) this.#close();
      throw error;
    }
  }

  #apply({ insert, remove, facts, nextSequence, dropped, done = [] }: StorageChange): void {
    for (const entry of insert) insertInto(this.#sql.insert, entry);
    for (const sequence of done) this.#sql.setDone.run(sequence);
    for (const sequence of remove) this.#sql.remove.run(sequence);
    for (const [key, value] of facts) this.#sql.setFact.run(key, value);
    // The latest packet's own number shows which comes next: one page less to write.
    const isImplied = insert.at(-1)?.sequence === nextSequence - 1 && remove.length === 0;
    if (!isImplied) this.#setCount("nextSequence", nextSequence);
    this.#setCount("dropped", dropped);
  }

  #setCount(name: keyof typeof COUNTS, value: number): void {
    if (this.#written[name] === value) return;
    this.#sql.setFact.run(COUNTS[name], String(value));
    this.#written[name] = value;
  }

  #rollBack(): void {
    try {
      execute(this.#database, ["ROLLBACK"]);
    } catch {
      // Some errors (a full disk) have rolled back already; then this one fails, and the first error is what counts.
    }
  }
}
