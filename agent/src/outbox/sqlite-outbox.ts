import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Log } from "@earshot/protocol/hotspot";
import { GroupedOutbox } from "./grouped-outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxLimits } from "./outbox-index.ts";
import { SequenceMark } from "./sequence-mark.ts";
import { sqliteStorage } from "./sqlite-storage.ts";

export interface SqliteOutboxOptions extends OutboxLimits {
  /** Made when it is missing. Contains `outbox.db` and `sequence-mark`. */
  stateDir: string;
  clock: Clock;
  log: Log;
  /** Least time between two writes. 200 unless given. */
  commitIntervalMs?: number;
}

/**
 * The outbox on disk. A damaged database is moved to `outbox.db.corrupt` (replacing an older one), and a new one is
 * made, whose numbers continue from `sequence-mark`.
 *
 * @throws {Error} with what to do, when the folder cannot be written, another agent uses it, or a newer version made it
 */
export function sqliteOutbox(options: SqliteOutboxOptions): Outbox {
  const { stateDir, clock, log, commitIntervalMs = 200, maxBytes, maxAgeMs } = options;
  mkdirSync(stateDir, { recursive: true, mode: OWNER_ONLY_FOLDER });
  const mark = new SequenceMark(join(stateDir, "sequence-mark"), log);
  const storage = sqliteStorage({ path: join(stateDir, "outbox.db"), mark, log });
  return new GroupedOutbox({ storage, clock, log, commitIntervalMs, maxBytes, maxAgeMs });
}

const OWNER_ONLY_FOLDER = 0o700;
