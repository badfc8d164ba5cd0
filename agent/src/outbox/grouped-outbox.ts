import {
  type Clock,
  equalBytes,
  type PacketType,
  readClock,
  type SequenceRange,
  sha256,
} from "@earshot/protocol/hotspot";
import { errorText } from "@earshot/protocol/runtime";
import { ConfirmedTime } from "./confirmed-time.ts";
import { type Numbering, numberingBeside } from "./numbering.ts";
import type { Outbox, OutboxEntry, OutboxFailure, OutboxState } from "./outbox.ts";
import { OutboxIndex, type OutboxLimits } from "./outbox-index.ts";
import { type EntryFacts, type OutboxStorage, RESERVED_NUMBERS } from "./outbox-storage.ts";

export interface GroupedOutboxOptions extends OutboxLimits {
  storage: OutboxStorage;
  clock: Clock;
  /** Least time between two writes: what comes sooner waits and shares the next one. 0: only one turn of the event loop shares. */
  commitIntervalMs: number;
}

interface Waiting {
  type: PacketType;
  make: (sequence: number) => Uint8Array;
  resolve: (entry: OutboxEntry) => void;
  reject: (error: unknown) => void;
}

const NO_FACTS: ReadonlyMap<string, string> = new Map();
/** Statuses that are kept for their receipt; beyond it the oldest is dropped. */
const MAX_STATUSES = 16;
/** Waits before a packet is published again that the gateway did not want yet: the first, doubled up to the last. */
const POSTPONE_MS = { first: 30_000, last: 3_600_000 };

/**
 * The outbox over any storage. Memory cards wear out by writes, so there are few: a packet that comes after a pause is
 * written at once, those that follow closely share one transaction, and what a receipt clears is deleted along
 * with the next one. Statuses are not written, unless it is closed while some wait; the storage keeps a few numbers
 * free for them. Acknowledgements are not written at all: after a restart, what has no receipt is published again, and the gateway knows it by its id.
 *
 * Ages are counted by the monotonic clock. Over a restart only wall times tell them, and those count where the time was
 * confirmed, both when the packet was stored and now; else a packet is as old as this run.
 */
export class GroupedOutbox implements Outbox {
  readonly #options: GroupedOutboxOptions;
  readonly #storage: OutboxStorage;
  readonly #index = new OutboxIndex();
  #waiting: Waiting[] = [];
  /** By number, oldest first. */
  readonly #statuses = new Map<number, OutboxEntry>();
  /** How often each was postponed. */
  readonly #postponements = new Map<number, number>();
  /** Removed here, but still in the storage. */
  #toRemove: number[] = [];
  #nextSequence: number;
  /** Numbers below it are given by the storage's leave. */
  #reservedBefore: number;
  #writes = 0;
  #dropped: number;
  #writtenElapsedMs = Number.NEGATIVE_INFINITY;
  #failure: OutboxFailure | undefined;
  readonly #time = new ConfirmedTime();
  /** Of an earlier run, by number, until their ages are known. */
  #undated: readonly EntryFacts[];
  readonly #closed = new AbortController();

  constructor(options: GroupedOutboxOptions) {
    this.#options = options;
    this.#storage = options.storage;
    const stored = this.#storage.load();
    this.#nextSequence = stored.nextSequence;
    this.#reservedBefore = stored.nextSequence + RESERVED_NUMBERS;
    this.#dropped = stored.dropped;
    this.#undated = stored.entries;
    const madeElapsedMs = options.clock.elapsedMs();
    for (const { madeAtMs: _, ...facts } of stored.entries) this.#index.add({ ...facts, madeElapsedMs });
  }

  add(type: PacketType, make: (sequence: number) => Uint8Array): Promise<OutboxEntry> {
    if (this.#closed.signal.aborted) return Promise.reject(new TypeError("Cannot add to a closed outbox"));
    if (type === "status") return this.#addStatus(make);
    const { promise, resolve, reject } = Promise.withResolvers<OutboxEntry>();
    this.#waiting.push({ type, make, resolve, reject });
    if (this.#waiting.length === 1) void this.#commitSoon();
    return promise;
  }

  next(limit: number): OutboxEntry[] {
    for (const sequence of this.#index.due(this.#options.clock.elapsedMs())) this.#index.requeue(sequence);
    return this.#index.nextToPublish(limit).flatMap((sequence) => this.#readToPublish(sequence) ?? []);
  }

  acknowledge(sequences: readonly number[], elapsedMs: number): void {
    for (const sequence of sequences) this.#index.acknowledge(sequence, elapsedMs);
  }

  remove(sequence: number, packetId: Uint8Array): boolean {
    const isHere = this.#isHere(sequence, packetId);
    if (isHere) this.#remove(sequence);
    return isHere;
  }

  postpone(sequence: number, packetId: Uint8Array): boolean {
    if (!this.#isHere(sequence, packetId)) return false;
    const times = this.#postponements.get(sequence) ?? 0;
    this.#postponements.set(sequence, times + 1);
    const waitMs = Math.min(POSTPONE_MS.last, POSTPONE_MS.first * 2 ** times);
    this.#index.postpone(sequence, this.#options.clock.elapsedMs() + waitMs);
    return true;
  }

  requeue(beforeElapsedMs: number): void {
    for (const sequence of this.#index.acknowledgedBefore(beforeElapsedMs)) this.#index.requeue(sequence);
  }

  skipUsed(used: readonly SequenceRange[]): Numbering {
    const numbering = numberingBeside(used, this.#nextSequence);
    if (numbering.state === "moved") this.#nextSequence = numbering.to;
    return numbering;
  }

  confirmTime(): void {
    const present = readClock(this.#options.clock);
    this.#time.confirm(present);
    const nowMs = this.#time.at(present.elapsedMs);
    if (nowMs === undefined || this.#undated.length === 0) return;
    // Numbers ascend with time: a packet is at least as old as those after it.
    let madeElapsedMs = present.elapsedMs;
    for (const { sequence, madeAtMs } of this.#undated.toReversed()) {
      const known = this.#index.madeElapsedMs(sequence) ?? madeElapsedMs;
      const told =
        madeAtMs === undefined || madeAtMs > nowMs ? known : present.elapsedMs - (nowMs - madeAtMs);
      madeElapsedMs = Math.min(madeElapsedMs, known, told);
      this.#index.setMade(sequence, madeElapsedMs);
    }
    this.#undated = [];
    this.#dropExcess();
  }

  state(): OutboxState {
    const damagedFile = this.#storage.damagedFile?.();
    return {
      ...this.#index.counts(),
      ...{ dropped: this.#dropped, writes: this.#writes },
      ...(this.#failure === undefined ? {} : { failure: { ...this.#failure } }),
      ...(damagedFile === undefined ? {} : { damagedFile }),
    };
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
    try {
      if (this.#statuses.size > 0) this.#write([], NO_FACTS, [...this.#statuses.values()]);
    } finally {
      this.#storage.close(this.#nextSequence);
    }
  }

  /** Has its number at once, and no place on disk. */
  async #addStatus(make: (sequence: number) => Uint8Array): Promise<OutboxEntry> {
    const sequence = this.#nextSequence;
    if (sequence >= this.#reservedBefore) this.#write([], NO_FACTS);
    else if (this.#failure !== undefined) this.#tryAgain();
    const entry = { sequence, type: "status" as const, bytes: make(sequence) };
    this.#nextSequence = sequence + 1;
    this.#statuses.set(sequence, entry);
    const madeElapsedMs = this.#options.clock.elapsedMs();
    this.#index.add({ sequence, type: "status", madeElapsedMs, byteLength: entry.bytes.length });
    const [oldest] = this.#statuses.keys();
    if (this.#statuses.size > MAX_STATUSES && oldest !== undefined) this.#remove(oldest);
    this.#dropExcess();
    return entry;
  }

  #isHere(sequence: number, packetId: Uint8Array): boolean {
    if (!this.#index.has(sequence)) return false;
    const entry = this.#read(sequence);
    return entry !== undefined && equalBytes(sha256(entry.bytes), packetId);
  }

  /** What is not there any more went with a storage that was damaged; what cannot be read now stays. */
  #readToPublish(sequence: number): OutboxEntry | undefined {
    try {
      const entry = this.#read(sequence);
      if (entry === undefined) this.#remove(sequence);
      return entry;
    } catch (error) {
      this.#noteFailure(error);
      return undefined;
    }
  }

  #noteFailure(error: unknown): void {
    const sinceElapsedMs = this.#options.clock.elapsedMs();
    this.#failure = { sinceElapsedMs, lost: 0, ...this.#failure, why: errorText(error) };
  }

  #read(sequence: number): OutboxEntry | undefined {
    return this.#statuses.get(sequence) ?? this.#storage.read(sequence);
  }

  async #commitSoon(): Promise<void> {
    const { clock, commitIntervalMs } = this.#options;
    const waitMs = this.#writtenElapsedMs + commitIntervalMs - clock.elapsedMs();
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
      if (this.#failure !== undefined) this.#failure.lost += settle.length;
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
        entries.push({ sequence, type: one.type, bytes: one.make(sequence) });
        settle.push(one);
        this.#nextSequence += 1;
      } catch (error) {
        one.reject(error);
      }
    }
    return { entries, settle };
  }

  /** No packet need come to notice that the storage works again. */
  #tryAgain(): void {
    try {
      this.#write([], NO_FACTS);
    } catch {
      // Said already.
    }
  }

  /** @param known kept in memory until now */
  #write(
    insert: readonly OutboxEntry[],
    facts: ReadonlyMap<string, string>,
    known: readonly OutboxEntry[] = [],
  ): void {
    const remove = this.#toRemove;
    const elapsedMs = this.#options.clock.elapsedMs();
    this.#writtenElapsedMs = elapsedMs;
    this.#writes += 1;
    const all = [...insert, ...known]
      .toSorted((one, other) => one.sequence - other.sequence)
      .map((entry) => ({
        ...entry,
        madeAtMs: this.#time.at(this.#index.madeElapsedMs(entry.sequence) ?? elapsedMs),
      }));
    const change = { insert: all, remove, nextSequence: this.#nextSequence, dropped: this.#dropped, facts };
    try {
      this.#storage.write(change);
    } catch (error) {
      if (!this.#areStored(all)) {
        this.#noteFailure(error);
        throw error;
      }
    }
    this.#failure = undefined;
    this.#toRemove = [];
    this.#reservedBefore = this.#nextSequence + RESERVED_NUMBERS;
    for (const { bytes, ...entry } of insert)
      this.#index.add({ ...entry, madeElapsedMs: elapsedMs, byteLength: bytes.length });
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
    for (const { sequence, wasAcknowledged } of this.#index.excess(
      this.#options,
      this.#options.clock.elapsedMs(),
    )) {
      if (!wasAcknowledged) this.#dropped += 1;
      this.#remove(sequence);
    }
  }

  #remove(sequence: number): void {
    this.#index.delete(sequence);
    this.#postponements.delete(sequence);
    if (!this.#statuses.delete(sequence)) this.#toRemove.push(sequence);
  }
}
