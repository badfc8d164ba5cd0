import type { PacketType } from "@earshot/protocol/hotspot";
import type { OutboxEntry } from "./outbox.ts";

/** A packet as it is stored. `madeAtMs`: by a time that was confirmed, or `undefined` where there was none. */
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

/** Numbers from `nextSequence` on that may be given without a write: whoever loads after a crash takes them for used. */
export const RESERVED_NUMBERS = 16;

export interface StoredOutbox {
  /**
   * The number that the next packet gets; at least 1. After `close()` the one that was next then; else beyond all that
   * may have been given: `RESERVED_NUMBERS` after the last one written.
   */
  nextSequence: number;
  dropped: number;
  entries: EntryFacts[];
}

/** One transaction: all of it is durable when `write` returns, or nothing of it happened and it throws. */
export interface StorageChange {
  insert: readonly StoredEntry[];
  remove: readonly number[];
  nextSequence: number;
  dropped: number;
  facts: ReadonlyMap<string, string>;
}

/** Where an outbox keeps its packets: a database file, or memory. */
export interface OutboxStorage {
  load(): StoredOutbox;
  write(change: StorageChange): void;
  /** `undefined` when it is not there. */
  read(sequence: number): OutboxEntry | undefined;
  recall(key: string): string | undefined;
  close(nextSequence: number): void;
  /** Of an unusable database, as long as it is there. */
  damagedFile?(): string | undefined;
}
