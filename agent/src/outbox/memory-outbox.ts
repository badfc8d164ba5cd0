import type { Clock } from "@earshot/protocol/hotspot";
import { GroupedOutbox } from "./grouped-outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxLimits } from "./outbox-index.ts";
import { type OutboxStorage, RESERVED_NUMBERS, type StoredEntry } from "./outbox-storage.ts";

export interface MemoryOutboxOptions extends Partial<OutboxLimits> {
  clock: Clock;
  /** Pass the same one again to restart an agent on the packets that it left. */
  storage?: OutboxStorage;
}

/** For virtual time and tests: the real outbox without its file. */
export function memoryOutbox({ clock, storage = memoryStorage(), ...limits }: MemoryOutboxOptions): Outbox {
  return new GroupedOutbox({
    storage,
    clock,
    commitIntervalMs: 0,
    maxBytes: limits.maxBytes ?? 16_777_216,
    maxAgeMs: limits.maxAgeMs ?? 30 * 86_400_000,
  });
}

/** Lost with the process. A new outbox may be opened on it, as after a restart of the agent. */
export function memoryStorage(): OutboxStorage {
  const entries = new Map<number, StoredEntry>();
  const facts = new Map<string, string>();
  let nextSequence = 1;
  let dropped = 0;
  let isClosed = true;
  return {
    load() {
      if (!isClosed) nextSequence += RESERVED_NUMBERS;
      isClosed = false;
      const loaded = [...entries.values()].map(({ bytes, ...entry }) => ({
        ...entry,
        byteLength: bytes.length,
      }));
      return { nextSequence, dropped, entries: loaded };
    },
    write(change) {
      for (const entry of change.insert) entries.set(entry.sequence, entry);
      for (const sequence of change.remove) entries.delete(sequence);
      for (const [key, value] of change.facts) facts.set(key, value);
      ({ nextSequence, dropped } = change);
    },
    read: (sequence) => entries.get(sequence),
    recall: (key) => facts.get(key),
    close(next) {
      nextSequence = next;
      isClosed = true;
    },
  };
}
