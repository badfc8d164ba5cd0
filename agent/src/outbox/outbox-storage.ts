import type { PacketType } from "@earshot/protocol/hotspot";
import type { NewerOutbox, OutboxEntry } from "./outbox.ts";

/** A packet as it is stored. `madeAtMs`: `undefined` when the wall time was not confirmed. */
export interface StoredEntry extends OutboxEntry {
  madeAtMs: number | undefined;
}

/** What is known of an entry without reading it. */
export interface EntryFacts {
  sequence: number;
  type: PacketType;
  madeAtMs: number | undefined;
  byteLength: number;
}

/** So many numbers from `nextSequence` on may be used without a write: loading after a crash skips them. */
export const RESERVED_NUMBERS = 16;

export interface StoredOutbox {
  /**
   * The number of the next packet; at least 1. After `close()` the one that was next then; after a crash
   * `RESERVED_NUMBERS` beyond the last one written, because those may have been used.
   */
  nextSequence: number;
  dropped: number;
  entries: EntryFacts[];
}

/** One transaction: durable as a whole when `write` returns; when it throws, nothing was written. */
export interface StorageChange {
  insert: readonly StoredEntry[];
  remove: readonly number[];
  nextSequence: number;
  dropped: number;
  facts: ReadonlyMap<string, string>;
  /** Packets of a newer agent's outbox beside this one that need not be sent any more. */
  done?: readonly number[];
}

/** Where an outbox keeps its packets: a database file, or memory. */
export interface OutboxStorage {
  load(): StoredOutbox;
  write(change: StorageChange): void;
  /** `undefined` when it is not there. */
  read(sequence: number): OutboxEntry | undefined;
  recall(key: string): string | undefined;
  close(nextSequence: number): void;
  /** Where a damaged database was moved to, as long as that file is there. */
  damagedFile?(): string | undefined;
  /** Outboxes of newer agents that it has beside it. */
  newer?(): NewerOutbox[];
}
