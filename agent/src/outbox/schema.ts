import { RESERVED_NUMBERS } from "./outbox-storage.ts";

/** A fact that is there only while no outbox is open: then 'next-sequence' is exact. */
export const CLOSED = "closed";
/** Counts that are kept as facts. */
export const COUNTS = { nextSequence: "next-sequence", dropped: "dropped" } as const;

/**
 * The outbox's schema, as the steps from each version to the next: the first makes version 1 of an empty database. A
 * step that was released is never changed. SQLite's `user_version` says how many were done.
 *
 * Agents of other versions read these four, as tables or views, and nothing else (`OutboxReader`). So every version has
 * them, with these columns:
 *
 *   waiting    sequence, type, made_at_ms, bytes   packets that are to be sent; made_at_ms is 0 when it is not certain
 *   numbering  next_sequence                       one row: no number from there on was used
 *   fact       key, value                          what must survive a restart
 *   done       sequence                            packets of another file beside it that need not be sent any more
 */
export const MIGRATIONS: readonly Migration[] = [
  [
    `CREATE TABLE packet (
      sequence INTEGER PRIMARY KEY, type TEXT NOT NULL, made_at_ms INTEGER NOT NULL, bytes BLOB NOT NULL
    ) STRICT`,
    "CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    `INSERT INTO fact VALUES ('${COUNTS.nextSequence}', '1'), ('${COUNTS.dropped}', '0'), ('${CLOSED}', '1')`,
  ],
  [
    "CREATE TABLE done (sequence INTEGER PRIMARY KEY) STRICT",
    "CREATE VIEW waiting AS SELECT sequence, type, made_at_ms, bytes FROM packet",
    // The latest packet's own number may be all that shows which comes next.
    `CREATE VIEW numbering AS SELECT
      max(
        coalesce((SELECT CAST(value AS INTEGER) FROM fact WHERE key = '${COUNTS.nextSequence}'), 1),
        coalesce((SELECT max(sequence) + 1 FROM packet), 1)
      ) + CASE WHEN EXISTS (SELECT 1 FROM fact WHERE key = '${CLOSED}') THEN 0 ELSE ${RESERVED_NUMBERS} END
      AS next_sequence`,
  ],
];

/** SQL statements. */
export type Migration = readonly string[];
