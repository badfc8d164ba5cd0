import { existsSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { PACKET_TYPE_NUMBERS, type PacketType } from "@earshot/protocol/hotspot";
import { headerVersion } from "./database-files.ts";
import type { EntryFacts, StoredEntry } from "./outbox-storage.ts";
import { LAST_SEQUENCE, schemaVersion } from "./sqlite-database.ts";
import { NotOursError, translated, UnusableDatabaseError } from "./sqlite-errors.ts";

/** A table or column is missing (sqlite.org/rescode.html). */
const isRefusedStatement = (error: unknown): error is Error =>
  error instanceof Error && "errcode" in error && error.errcode === 1;

const isKnown = (type: unknown): type is PacketType =>
  typeof type === "string" && Object.hasOwn(PACKET_TYPE_NUMBERS, type);

/**
 * An outbox of another version's agent, by what every version keeps readable (`MIGRATIONS`). Changes nothing in it, and
 * keeps other agents from opening it while it is read.
 */
export class OutboxReader {
  readonly path: string;
  readonly version: number;
  /** Those of types that this agent knows, by number. */
  readonly entries: ReadonlyMap<number, EntryFacts>;
  readonly nextSequence: number;
  readonly facts: ReadonlyMap<string, string>;
  /** Packets of other files that this one says need not be sent. */
  readonly done: readonly number[];
  readonly #database: DatabaseSync;
  readonly #read: StatementSync;

  /**
   * @throws {UnusableDatabaseError} it is damaged, or not as every version keeps it
   * @throws {NotOursError} another agent has it open
   */
  constructor(path: string) {
    this.path = path;
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { readOnly: true });
      // Never ended: the lock that comes with it stays.
      database.prepare("BEGIN").run();
      this.version = schemaVersion(database);
      const check = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
      if (check !== "ok") throw new UnusableDatabaseError(String(check));
      this.entries = entriesOf(database);
      this.nextSequence = Number(
        database.prepare("SELECT next_sequence FROM numbering").get()?.next_sequence,
      );
      const facts = database.prepare("SELECT key, value FROM fact").all();
      this.facts = new Map(facts.map(({ key, value }) => [String(key), String(value)]));
      this.done = database
        .prepare("SELECT sequence FROM done")
        .all()
        .map(({ sequence }) => Number(sequence));
      this.#read = database.prepare("SELECT type, made_at_ms, bytes FROM waiting WHERE sequence = ?");
      this.#database = database;
    } catch (error) {
      database?.close();
      throw isRefusedStatement(error) ? new UnusableDatabaseError(error.message) : translated(error, path);
    }
  }

  read(sequence: number): StoredEntry | undefined {
    const row = this.#read.get(sequence);
    if (row === undefined || !isKnown(row.type) || !(row.bytes instanceof Uint8Array)) return undefined;
    return { sequence, type: row.type, madeAtMs: Number(row.made_at_ms) || undefined, bytes: row.bytes };
  }

  *packets(): Iterable<StoredEntry> {
    for (const sequence of this.entries.keys()) {
      const entry = this.read(sequence);
      if (entry !== undefined) yield entry;
    }
  }

  close(): void {
    this.#database.close();
  }
}

/**
 * The version of the schema, also when it stands in the write-ahead log only; 0 when that cannot be read.
 *
 * @throws {NotOursError} another agent has it open
 */
export function versionOf(path: string): number {
  const fromHeader = headerVersion(path);
  // SQLite would leave an index beside it.
  if (!existsSync(`${path}-wal`)) return fromHeader;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    return Math.max(fromHeader, schemaVersion(database));
  } catch (error) {
    const cause = translated(error, path);
    if (cause instanceof NotOursError) throw cause;
    return fromHeader;
  } finally {
    database?.close();
  }
}

function entriesOf(database: DatabaseSync): Map<number, EntryFacts> {
  const columns = "sequence, type, made_at_ms, length(bytes) AS byte_length";
  const rows = database
    .prepare(`SELECT ${columns} FROM waiting WHERE sequence BETWEEN 1 AND ${LAST_SEQUENCE} ORDER BY sequence`)
    .all();
  return new Map(
    rows.flatMap(({ sequence, type, made_at_ms: madeAtMs, byte_length: byteLength }) => {
      if (!isKnown(type)) return [];
      const entry = { type, madeAtMs: Number(madeAtMs) || undefined, byteLength: Number(byteLength) };
      return [[Number(sequence), { sequence: Number(sequence), ...entry }]];
    }),
  );
}
