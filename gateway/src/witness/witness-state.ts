import { Database } from "bun:sqlite";
import { sha256, utf8 } from "@earshot/protocol";
import type { TreeHead } from "@earshot/protocol/tlog";

/** The newest checkpoint of a log that a witness has cosigned. */
export interface Cosigned extends TreeHead {
  origin: string;
  /** With the log's signatures and the witness's. */
  note: string;
}

/** What a witness remembers: of each log the newest checkpoint. Whatever it hands out is here before. */
export interface WitnessState {
  /** By the SHA-256 of the log's origin, hex. */
  byHash(originHash: string): Cosigned | undefined;
  /**
   * Puts `next` in the place of what is stored, unless `problem` finds one: at once, and durable when it returns.
   * @throws {Error} if it may not have been stored
   */
  replace<P>(
    next: Cosigned,
    problem: (known: Cosigned | undefined) => P | undefined,
  ): "cosigned" | { problem: P; size: number };
}

interface Row {
  origin: string;
  size: number;
  root: Uint8Array;
  note: string;
}

/** In a SQLite file, which locks, syncs and takes all of a change or nothing. @throws {Error} if it cannot be opened */
export function openWitnessState(path: string): WitnessState & Disposable {
  const database = new Database(path, { strict: true });
  database.run("PRAGMA journal_mode = WAL");
  // A cosignature promises that this checkpoint is remembered.
  database.run("PRAGMA synchronous = FULL");
  database.run("PRAGMA busy_timeout = 5000");
  database.run(
    "CREATE TABLE IF NOT EXISTS logs (origin_hash TEXT PRIMARY KEY, origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL)",
  );
  const find = database.query<Row, { hash: string }>("SELECT * FROM logs WHERE origin_hash = $hash");
  const put = database.query(
    `INSERT INTO logs (origin_hash, origin, size, root, note) VALUES ($hash, $origin, $size, $root, $note)
     ON CONFLICT (origin_hash) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note`,
  );
  const byHash = (hash: string): Cosigned | undefined => {
    const row = find.get({ hash });
    return row === null ? undefined : { ...row, root: new Uint8Array(row.root) };
  };
  return {
    byHash,
    replace(next, problem) {
      const hash = sha256(utf8(next.origin)).toHex();
      // The lock is taken before it is looked at: another process may witness with the same file.
      return database
        .transaction(() => {
          const known = byHash(hash);
          const found = problem(known);
          if (found !== undefined) return { problem: found, size: known?.size ?? 0 };
          put.run({ hash, ...next });
          return "cosigned" as const;
        })
        .immediate();
    },
    [Symbol.dispose]: () => database.close(),
  };
}
