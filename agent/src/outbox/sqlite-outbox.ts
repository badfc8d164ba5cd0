import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Log } from "@earshot/protocol/hotspot";
import { RECEIPTS_FOLDER, ReceiptFiles } from "../receipts/receipt-files.ts";
import { GroupedOutbox } from "./grouped-outbox.ts";
import type { Outbox } from "./outbox.ts";
import { outboxIn } from "./outbox-files.ts";
import type { OutboxLimits } from "./outbox-index.ts";

export interface SqliteOutboxOptions extends OutboxLimits {
  /** Made when it is missing. Contains `outbox.db` and `sequence-mark`. */
  stateDir: string;
  clock: Clock;
  log: Log;
  /** Least time between two writes. 200 unless given. */
  commitIntervalMs?: number;
}

/**
 * The outbox on disk, where an older agent's is migrated, and a newer one's is left as it is (`outboxIn`). A damaged database is moved to `outbox.db.corrupt` (replacing an older one), and a new one is
 * made, whose numbers continue from `sequence-mark`.
 *
 * @throws {Error} with what to do, when the folder cannot be written, or another agent uses it
 */
export function sqliteOutbox(options: SqliteOutboxOptions): Outbox {
  const { stateDir, clock, log, commitIntervalMs = 200, maxBytes, maxAgeMs } = options;
  mkdirSync(stateDir, { recursive: true, mode: OWNER_ONLY_FOLDER });
  const storage = outboxIn({ stateDir, log });
  const receipts = new ReceiptFiles(join(stateDir, RECEIPTS_FOLDER));
  return new GroupedOutbox({ storage, receipts, clock, log, commitIntervalMs, maxBytes, maxAgeMs });
}

const OWNER_ONLY_FOLDER = 0o700;
