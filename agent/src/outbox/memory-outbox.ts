import type { Clock } from "@earshot/protocol/hotspot";
import { GroupedOutbox } from "./grouped-outbox.ts";
import { memoryStorage } from "./memory-storage.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxLimits } from "./outbox-index.ts";
import type { OutboxStorage } from "./outbox-storage.ts";

export interface MemoryOutboxOptions extends Partial<OutboxLimits> {
  clock: Clock;
  /** Pass the same one again to restart an agent on what it left. */
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
