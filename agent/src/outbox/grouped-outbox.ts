import { type Clock, MAX_RECEIPT_RANGES, type PacketType, type SequenceRange } from "@earshot/protocol";
import type { Outbox, OutboxEntry, OutboxState } from "./outbox.ts";
import { OutboxIndex, type OutboxLimits } from "./outbox-index.ts";
import type { OutboxStorage } from "./outbox-storage.ts";

export interface GroupedOutboxOptions extends OutboxLimits {
  storage: OutboxStorage;
  clock: Clock;
  /** Least time between two writes: what comes sooner waits and shares the next one. 0: only one turn of the event loop shares. */
  commitIntervalMs: number;
}

interface Waiting {
  type: PacketType;
  madeAtMs: number;
  make: (sequence: number) => Uint8Array;
  resolve: (entry: OutboxEntry) => void;
  reject: (error: unknown) => void;
}

const NO_FACTS: ReadonlyMap<string, string> = new Map();

/**
 * The outbox over any storage. Memory cards wear out by writes, so there are few: a packet that comes after a pause is
 * written at once, those that follow closely share one transaction, and what a receipt lets it forget is deleted along
 * with the next one. Acknowledgements are not written at all: after a restart, what has no receipt is published again, and the gateway knows it by its id.
 */
export class GroupedOutbox implements Outbox {
  readonly #options: GroupedOutboxOptions;
  readonly #storage: OutboxStorage;
  readonly #index = new OutboxIndex();
  #waiting: Waiting[] = [];
  /** Forgotten, but still in the storage. */
  #toRemove: number[] = [];
  #nextSequence: number;
  #dropped: number;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  readonly #closed = new AbortController();

  constructor(options: GroupedOutboxOptions) {
    this.#options = options;
    this.#storage = options.storage;
    const stored = this.#storage.load();
    this.#nextSequence = stored.nextSequence;
    this.#dropped = stored.dropped;
    for (const facts of stored.entries) this.#index.add(facts);
  }

  add(type: PacketType, madeAtMs: number, make: (sequence: number) => Uint8Array): Promise<OutboxEntry> {
    if (this.#closed.signal.aborted) return Promise.reject(new TypeError("Cannot add to a closed outbox"));
    const { promise, resolve, reject } = Promise.withResolvers<OutboxEntry>();
    this.#waiting.push({ type, madeAtMs, make, resolve, reject });
    if (this.#waiting.length === 1) void this.#commitSoon();
    return promise;
  }

  next(limit: number): OutboxEntry[] {
    return this.#index.nextToPublish(limit).flatMap((sequence) => this.#storage.read(sequence) ?? []);
  }

  handedOver(sequences: readonly number[], atMs: number): void {
    for (const sequence of sequences) this.#index.handOver(sequence, atMs);
  }

  confirm(stored: readonly SequenceRange[], beforeMs: number): void {
    // A full receipt leaves out the oldest ranges: it says nothing of what lies before its first.
    const knownFrom = stored.length >= MAX_RECEIPT_RANGES ? (stored[0]?.first ?? 0) : 0;
    for (const sequence of this.#index.sequences()) {
      if (isWithin(stored, sequence)) this.#forget(sequence);
    }
    for (const sequence of this.#index.handedOverBefore(beforeMs)) {
      if (sequence >= knownFrom) this.#index.queueAgain(sequence);
    }
    // A gateway that has higher numbers than ever were given out here: this outbox was lost and begun again.
    const last = stored.at(-1)?.last ?? 0;
    if (last >= this.#nextSequence) this.#nextSequence = last + 1;
  }

  state(): OutboxState {
    return { ...this.#index.counts(), dropped: this.#dropped };
  }

  remember(key: string, value: string): void {
    this.#write([], new Map([[key, value]]));
  }

  recall(key: string): string | undefined {
    return this.#storage.recall(key);
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#commit();
    this.#storage.close();
  }

  async #commitSoon(): Promise<void> {
    const { clock, commitIntervalMs } = this.#options;
    const waitMs = this.#writtenAtMs + commitIntervalMs - clock.elapsedMs();
    // Cut short by `close()`, which has written what waited.
    if (waitMs > 0) await clock.sleep(waitMs, this.#closed.signal).catch(() => {});
    else await Promise.resolve();
    if (!this.#closed.signal.aborted) this.#commit();
  }

  #commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const firstSequence = this.#nextSequence;
    const { entries, settle } = this.#makeAll(waiting);
    if (entries.length === 0 && this.#toRemove.length === 0) return;
    try {
      this.#write(entries, NO_FACTS);
    } catch (error) {
      // Numbers that may be on disk all the same are not given again: the gateway sees what is lost with them as a gap.
      if (this.#areAbsent(entries)) this.#nextSequence = firstSequence;
      for (const { reject } of settle) reject(error);
      return;
    }
    for (const [i, { resolve }] of settle.entries()) resolve(entries[i] as OutboxEntry);
  }

  /** A packet that cannot be made takes no number. */
  #makeAll(waiting: readonly Waiting[]): { entries: OutboxEntry[]; settle: Waiting[] } {
    const entries: OutboxEntry[] = [];
    const settle: Waiting[] = [];
    for (const one of waiting) {
      try {
        const sequence = this.#nextSequence;
        entries.push({ sequence, type: one.type, madeAtMs: one.madeAtMs, bytes: one.make(sequence) });
        settle.push(one);
        this.#nextSequence += 1;
      } catch (error) {
        one.reject(error);
      }
    }
    return { entries, settle };
  }

  #write(insert: readonly OutboxEntry[], facts: ReadonlyMap<string, string>): void {
    const remove = this.#toRemove;
    this.#writtenAtMs = this.#options.clock.elapsedMs();
    const change = { insert, remove, nextSequence: this.#nextSequence, dropped: this.#dropped, facts };
    try {
      this.#storage.write(change);
    } catch (error) {
      if (!this.#areStored(insert)) throw error;
    }
    this.#toRemove = [];
    for (const { bytes, ...entry } of insert) this.#index.add({ ...entry, byteLength: bytes.length });
    this.#dropExcess();
  }

  /** Whether a write that was said to have failed did not: what it has written is there then. */
  #areStored(entries: readonly OutboxEntry[]): boolean {
    const last = entries.at(-1);
    return last !== undefined && this.#find(last.sequence) === "there";
  }

  #areAbsent(entries: readonly OutboxEntry[]): boolean {
    const last = entries.at(-1);
    return last === undefined || this.#find(last.sequence) === "absent";
  }

  #find(sequence: number): "there" | "absent" | "unknown" {
    try {
      return this.#storage.read(sequence) === undefined ? "absent" : "there";
    } catch {
      return "unknown";
    }
  }

  /** Goes from the storage with the next write; until then the file is larger by at most one group. */
  #dropExcess(): void {
    for (const { sequence, wasHandedOver } of this.#index.excess(this.#options, this.#options.clock.now())) {
      if (!wasHandedOver) this.#dropped += 1;
      this.#forget(sequence);
    }
  }

  #forget(sequence: number): void {
    this.#index.delete(sequence);
    this.#toRemove.push(sequence);
  }
}

/** `ranges` ascend. */
function isWithin(ranges: readonly SequenceRange[], sequence: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle] as SequenceRange).last < sequence) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range.first <= sequence;
}
