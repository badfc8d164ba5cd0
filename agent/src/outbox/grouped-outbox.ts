import {
  type Clock,
  equalBytes,
  type Log,
  type PacketType,
  readClock,
  type SequenceRange,
  sha256,
} from "@earshot/protocol/hotspot";
import { errorText, pause } from "@earshot/protocol/runtime";
import { ReceiptBuffer } from "../receipts/receipt-buffer.ts";
import type { ReceiptFiles } from "../receipts/receipt-files.ts";
import { ConfirmedTime } from "./confirmed-time.ts";
import { type Numbering, numberingAfter } from "./numbering.ts";
import type { IsHeld, Outbox, OutboxEntry, OutboxFailure, OutboxState } from "./outbox.ts";
import { OutboxIndex, type OutboxLimits } from "./outbox-index.ts";
import { type EntryFacts, type OutboxStorage, RESERVED_NUMBERS } from "./outbox-storage.ts";

interface GroupedOutboxOptions extends OutboxLimits {
  storage: OutboxStorage;
  clock: Clock;
  log?: Log;
  /** Least time between two writes: packets that come sooner share the next one. 0: those of one turn of the event loop do. */
  commitIntervalMs: number;
  /** Without it no receipts are kept. */
  receipts?: Pick<ReceiptFiles, "append">;
}

interface Waiting {
  type: PacketType;
  make: (sequence: number) => Uint8Array;
  resolve: (entry: OutboxEntry) => void;
  reject: (error: unknown) => void;
}

const NO_FACTS: ReadonlyMap<string, string> = new Map();
/** Statuses that wait for their receipt; beyond it the oldest is dropped. */
const MAX_STATUSES = 16;
/** Waits before a postponed packet is published again: the first, doubled up to the last. */
const POSTPONE_MS = { first: 30_000, last: 3_600_000 };

/**
 * The outbox over any storage, with few writes, because memory cards wear out by them:
 *
 * - A packet that comes after a pause is written at once; those that follow closely share one transaction.
 * - What a receipt clears is deleted along with the next packet.
 * - Statuses are written only when the outbox is closed while some wait. The storage reserves a few numbers for them.
 * - Acknowledgements are not written. After a restart all packets without a receipt are published again; the gateway
 *   recognises them by their ids.
 *
 * Ages are measured by the monotonic clock. Over a restart they need wall time, which counts only if it was confirmed
 * both when the packet was stored and now; else a packet is as old as this run.
 */
export class GroupedOutbox implements Outbox {
  readonly #options: GroupedOutboxOptions;
  readonly #storage: OutboxStorage;
  readonly #index = new OutboxIndex();
  #waiting: Waiting[] = [];
  /** By number, oldest first. */
  readonly #statuses = new Map<number, OutboxEntry>();
  /** By number: how often it was postponed. */
  readonly #postponements = new Map<number, number>();
  /** Removed here, but still in the storage. */
  #toRemove: number[] = [];
  #nextSequence: number;
  /** Numbers below it may be used without a write. */
  #reservedBefore: number;
  #writes = 0;
  #dropped: number;
  #writtenElapsedMs = Number.NEGATIVE_INFINITY;
  #failure: OutboxFailure | undefined;
  readonly #receipts: ReceiptBuffer | undefined;
  readonly #time = new ConfirmedTime();
  /** Packets of an earlier run whose ages are not known yet, by number. */
  #undated: readonly EntryFacts[];
  readonly #closed = new AbortController();

  constructor(options: GroupedOutboxOptions) {
    this.#options = options;
    this.#storage = options.storage;
    const { clock, receipts } = options;
    this.#receipts = receipts && new ReceiptBuffer(receipts, () => this.#time.at(clock.elapsedMs()));
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

  next(limit: number, isHeld: IsHeld = () => false): OutboxEntry[] {
    for (const sequence of this.#index.due(this.#options.clock.elapsedMs())) this.#index.requeue(sequence);
    const waits = (sequence: number) => isHeld(sequence, () => this.#readToPublish(sequence)?.bytes);
    return this.#index.nextToPublish(limit, waits).flatMap((sequence) => this.#readToPublish(sequence) ?? []);
  }

  acknowledge(sequences: readonly number[], elapsedMs: number): void {
    for (const sequence of sequences) this.#index.acknowledge(sequence, elapsedMs);
  }

  remove(sequence: number, packetId: Uint8Array, receipt?: Uint8Array): boolean {
    const entry = this.#find(sequence, packetId);
    if (entry === undefined) return false;
    this.#remove(sequence);
    const isReport = entry.type === "beacon" || entry.type === "witness";
    if (receipt !== undefined && isReport) this.#receipts?.add(receipt, entry.bytes);
    return true;
  }

  postpone(sequence: number, packetId: Uint8Array): boolean {
    if (this.#find(sequence, packetId) === undefined) return false;
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
    const numbering = numberingAfter(used, this.#nextSequence);
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
      const stored =
        madeAtMs === undefined || madeAtMs > nowMs ? known : present.elapsedMs - (nowMs - madeAtMs);
      madeElapsedMs = Math.min(madeElapsedMs, known, stored);
      this.#index.setMadeElapsedMs(sequence, madeElapsedMs);
    }
    this.#undated = [];
    this.#dropExcess();
  }

  state(): OutboxState {
    const damagedFile = this.#storage.damagedFile?.();
    const newer = this.#storage.newer?.() ?? [];
    const receiptsLost = this.#receipts?.lost;
    return {
      ...this.#index.counts(),
      ...{ dropped: this.#dropped, writes: this.#writes },
      ...(this.#failure === undefined ? {} : { failure: { ...this.#failure } }),
      ...(damagedFile === undefined ? {} : { damagedFile }),
      ...(newer.length === 0 ? {} : { newer }),
      ...(receiptsLost === undefined ? {} : { receiptsLost }),
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

  /** Numbered at once, and kept in memory only. */
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

  #find(sequence: number, packetId: Uint8Array): OutboxEntry | undefined {
    const entry = this.#index.has(sequence) ? this.#read(sequence) : undefined;
    return entry !== undefined && equalBytes(sha256(entry.bytes), packetId) ? entry : undefined;
  }

  /** A packet that is not stored any more was lost with a damaged database. One that cannot be read now stays. */
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
    // `close()` ends the wait, and has written what waited.
    if (waitMs > 0) await pause(clock, waitMs, this.#closed.signal);
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
      // Numbers that may be on disk all the same are not used again; the gateway sees those that are not as a gap.
      if (this.#areAbsent(entries)) this.#nextSequence = firstSequence;
      if (this.#failure !== undefined) this.#failure.lost += settle.length;
      for (const { reject } of settle) reject(error);
      return;
    }
    for (const [i, { resolve }] of settle.entries()) resolve(entries[i] as OutboxEntry);
  }

  /** A packet that cannot be made uses no number. */
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

  /** Notices that the storage works again, also when no packet comes. */
  #tryAgain(): void {
    try {
      this.#write([], NO_FACTS);
    } catch {
      // Reported already.
    }
  }

  /** @param known in memory until now, and in the index already */
  #write(
    insert: readonly OutboxEntry[],
    facts: ReadonlyMap<string, string>,
    known: readonly OutboxEntry[] = [],
  ): void {
    const remove = this.#toRemove;
    const elapsedMs = this.#options.clock.elapsedMs();
    this.#writtenElapsedMs = elapsedMs;
    this.#writes += 1;
    // Before the reports leave the storage: after a crash in between they are sent, and confirmed, again.
    this.#receipts?.write();
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

  /** Whether a write that reported an error was done all the same: then its last packet is there. */
  #areStored(entries: readonly OutboxEntry[]): boolean {
    const last = entries.at(-1);
    return last !== undefined && this.#lookFor(last.sequence) === "there";
  }

  #areAbsent(entries: readonly OutboxEntry[]): boolean {
    const last = entries.at(-1);
    return last === undefined || this.#lookFor(last.sequence) === "absent";
  }

  #lookFor(sequence: number): "there" | "absent" | "unknown" {
    try {
      return this.#storage.read(sequence) === undefined ? "absent" : "there";
    } catch {
      return "unknown";
    }
  }

  /** Leaves the storage with the next write; until then the file is larger by one group at most. */
  #dropExcess(): void {
    for (const { sequence, wasAcknowledged } of this.#index.excess(
      this.#options,
      this.#options.clock.elapsedMs(),
    )) {
      if (!wasAcknowledged) {
        this.#dropped += 1;
        this.#options.log?.debug("Packet dropped, for want of room or for its age", { sequence });
      }
      this.#remove(sequence);
    }
  }

  #remove(sequence: number): void {
    this.#index.delete(sequence);
    this.#postponements.delete(sequence);
    if (!this.#statuses.delete(sequence)) this.#toRemove.push(sequence);
  }
}
