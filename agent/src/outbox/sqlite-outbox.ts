import { closeSync, existsSync, fchmodSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Log } from "@earshot/protocol/hotspot";
import { withRegularFile } from "../regular-file.ts";
import { GroupedOutbox } from "./grouped-outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxLimits } from "./outbox-index.ts";
import type { OutboxStorage } from "./outbox-storage.ts";
import { SequenceMark } from "./sequence-mark.ts";
import { sqliteStorage, UnusableDatabaseError } from "./sqlite-storage.ts";

export interface SqliteOutboxOptions extends OutboxLimits {
  /** Made when it is missing. Holds `outbox.db` and `sequence-mark`. */
  stateDir: string;
  clock: Clock;
  log: Log;
  /** Least time between two writes. 200 unless given. */
  commitIntervalMs?: number;
}

/**
 * The outbox on disk. A database that cannot be used is moved aside to `outbox.db.corrupt` (replacing an older one)
 * and a new one is begun, whose numbers go on from `sequence-mark`.
 *
 * @throws {Error} that says what to do, when the folder cannot be written or another agent holds it
 */
export function sqliteOutbox(options: SqliteOutboxOptions): Outbox {
  const { stateDir, clock, log, commitIntervalMs = 200, maxBytes, maxAgeMs } = options;
  mkdirSync(stateDir, { recursive: true, mode: OWNER_ONLY_FOLDER });
  const storage = openOrBeginAnew(stateDir, log);
  return new GroupedOutbox({ storage, clock, commitIntervalMs, maxBytes, maxAgeMs });
}

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY = 0o600;
/** SQLite makes its log and index with the mode of the database. */
const SUFFIXES = ["", "-wal", "-shm"];

/** What waits to be sent is nobody else's to read. SQLite itself would make files that all may read. */
function keepPrivate(path: string): void {
  const isFile = withRegularFile(path, () => true) ?? false;
  if (!isFile) closeSync(openSync(path, "wx", OWNER_ONLY));
  for (const file of SUFFIXES.map((suffix) => path + suffix)) {
    withRegularFile(file, (descriptor) => fchmodSync(descriptor, OWNER_ONLY));
  }
}

function openOrBeginAnew(stateDir: string, log: Log): OutboxStorage {
  const path = join(stateDir, "outbox.db");
  const mark = new SequenceMark(join(stateDir, "sequence-mark"));
  try {
    keepPrivate(path);
    return sqliteStorage(path, mark);
  } catch (error) {
    if (!(error instanceof UnusableDatabaseError)) throw error;
    const aside = `${path}.corrupt`;
    moveAside(path, aside);
    log("error", "The outbox was damaged: what it held is lost, a new one was begun", {
      why: error.message,
      movedTo: aside,
      nextSequence: Math.max(1, mark.value),
    });
    keepPrivate(path);
    return sqliteStorage(path, mark);
  }
}

/** With its log: a new database must not meet the old one's. */
function moveAside(path: string, aside: string): void {
  for (const suffix of SUFFIXES) {
    rmSync(aside + suffix, { force: true });
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
}
