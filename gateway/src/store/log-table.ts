import type { SQL } from "bun";
import type { Database } from "./database.ts";
import type { LogKind, StoredLogEntry } from "./records.ts";
import { type Integer, inChunks, plainBytes } from "./rows.ts";
import type { LogAddition, Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

/*
 * The network's log: entries, which are never changed, and what is kept of its tree. Leaf hashes follow from entries.
 */

export const logSchema: TableSchema = ({ text, bytes, clustered }) => [
  `CREATE TABLE IF NOT EXISTS log_entries (
    position BIGINT PRIMARY KEY, kind ${text} NOT NULL, number BIGINT NOT NULL, message ${bytes} NOT NULL)`,
  "CREATE INDEX IF NOT EXISTS log_entries_number ON log_entries (kind, number)",
  `CREATE TABLE IF NOT EXISTS log_hashes (
    level BIGINT NOT NULL, position BIGINT NOT NULL, hash ${bytes} NOT NULL, PRIMARY KEY (level, position))${clustered}`,
];

interface EntryRow {
  position: Integer;
  kind: string;
  number: Integer;
  message: Uint8Array;
}

const entryOf = (row: EntryRow): StoredLogEntry => ({
  position: Number(row.position),
  kind: row.kind as LogKind,
  number: Number(row.number),
  message: plainBytes(row.message),
});

const NOTES = { newest: "log_checkpoint", witnessed: "log_witnessed" } as const;
const throughFact = (kind: LogKind): string => `log_through_${kind}`;

async function setFact(tx: SQL, name: string, value: string): Promise<void> {
  await tx`INSERT INTO facts ${tx({ name, value })} ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
}

/** What comes after this was revoked, and will be made and logged anew; part of revoking it, in its transaction. */
export async function rewindLog(tx: SQL, through: Partial<Record<LogKind, number>>): Promise<void> {
  for (const [kind, number] of Object.entries(through)) {
    await tx`UPDATE facts SET value = ${String(number)}
      WHERE name = ${throughFact(kind as LogKind)} AND CAST(value AS BIGINT) > ${number}`;
  }
}

type LogQueries = Pick<
  Store,
  | "logSize"
  | "logEntries"
  | "newestLogEntry"
  | "logStatements"
  | "logHashes"
  | "logThrough"
  | "logNote"
  | "addToLog"
  | "putWitnessedNote"
>;

export function logTable({ sql, transaction }: Database): LogQueries {
  const list = async (query: SQL.Query<EntryRow[]>) => (await query).map(entryOf);
  const sizeIn = async (tx: SQL) => {
    const [row] = await tx<{ last: Integer | null }[]>`SELECT MAX(position) AS last FROM log_entries`;
    return row?.last == null ? 0 : Number(row.last) + 1;
  };
  const fact = async (name: string) =>
    (await sql<{ value: string }[]>`SELECT value FROM facts WHERE name = ${name}`)[0]?.value;
  return {
    logSize: () => sizeIn(sql),
    logEntries: (first, count) =>
      list(sql<EntryRow[]>`SELECT * FROM log_entries
        WHERE position >= ${first} AND position < ${first + count} ORDER BY position`),
    async newestLogEntry(kind, number) {
      const query = sql<EntryRow[]>`SELECT * FROM log_entries WHERE kind = ${kind} AND number = ${number}
        ORDER BY position DESC LIMIT 1`;
      return (await list(query))[0];
    },
    logStatements: () =>
      list(sql<EntryRow[]>`SELECT * FROM log_entries WHERE kind = ${"statement" satisfies LogKind}
        ORDER BY position`),
    async logHashes(level, first, count) {
      const rows = await sql<{ hash: Uint8Array }[]>`SELECT hash FROM log_hashes
        WHERE level = ${level} AND position >= ${first} AND position < ${first + count} ORDER BY position`;
      return rows.map(({ hash }) => plainBytes(hash));
    },
    async logThrough(kind) {
      const value = await fact(throughFact(kind));
      return value === undefined ? undefined : Number(value);
    },
    logNote: (which) => fact(NOTES[which]),
    addToLog: (addition) => transaction((tx) => add(tx, addition, sizeIn)),
    putWitnessedNote: (note) => transaction((tx) => setFact(tx, NOTES.witnessed, note)),
  };
}

async function add(
  tx: SQL,
  { position, entries, hashes, through, note }: LogAddition,
  sizeIn: (tx: SQL) => Promise<number>,
): Promise<void> {
  const size = await sizeIn(tx);
  if (size !== position) {
    throw new RangeError(`Cannot append to the log at ${position}: it has ${size} entries`);
  }
  const rows = entries.map((entry, i) => ({ position: position + i, ...entry }));
  await inChunks(rows, (chunk) => tx`INSERT INTO log_entries ${tx(chunk)}`);
  const levels = hashes.map(({ level, index, hash }) => ({ level, position: index, hash }));
  await inChunks(levels, (chunk) => tx`INSERT INTO log_hashes ${tx(chunk)}`);
  for (const [kind, number] of Object.entries(through)) {
    await setFact(tx, throughFact(kind as LogKind), String(number));
  }
  await setFact(tx, NOTES.newest, note);
}
