import type { PacketType } from "@earshot/protocol/hotspot";
import type { OutboxState } from "./outbox.ts";
import type { EntryFacts } from "./outbox-storage.ts";
import { SortedNumbers } from "./sorted-numbers.ts";

export interface OutboxLimits {
  maxBytes: number;
  maxAgeMs: number;
}

/** `madeElapsedMs`: by the monotonic clock; when the outbox was opened, as long as the age is not known. */
type IndexedEntry = Omit<EntryFacts, "madeAtMs"> & { madeElapsedMs: number };

/** What is dropped first when room is needed; within a type the oldest first. */
const DROP_ORDER: readonly PacketType[] = ["reading", "status", "witness", "beacon"];

/** Which packets wait, in which order they are published and dropped. Has no packet bytes. */
export class OutboxIndex {
  readonly #facts = new Map<number, IndexedEntry>();
  readonly #queued: Record<PacketType, SortedNumbers> = {
    beacon: new SortedNumbers(),
    witness: new SortedNumbers(),
    status: new SortedNumbers(),
    reading: new SortedNumbers(),
  };
  readonly #acknowledged = new SortedNumbers();
  readonly #acknowledgedMs = new Map<number, number>();
  readonly #postponed = new SortedNumbers();
  /** By number: the elapsed time at which a postponed packet is published again. */
  readonly #dueMs = new Map<number, number>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  counts(): Pick<OutboxState, "queued" | "acknowledged" | "postponed" | "bytes"> {
    const { size: acknowledged } = this.#acknowledged;
    const { size: postponed } = this.#postponed;
    return {
      queued: this.#facts.size - acknowledged - postponed,
      acknowledged,
      postponed,
      bytes: this.#bytes,
    };
  }

  has(sequence: number): boolean {
    return this.#facts.has(sequence);
  }

  add(facts: IndexedEntry): void {
    this.#facts.set(facts.sequence, facts);
    this.#queued[facts.type].add(facts.sequence);
    this.#bytes += facts.byteLength;
  }

  delete(sequence: number): void {
    const facts = this.#facts.get(sequence);
    if (facts === undefined) return;
    this.#facts.delete(sequence);
    this.#removeFromLists(facts);
    this.#bytes -= facts.byteLength;
  }

  madeElapsedMs(sequence: number): number | undefined {
    return this.#facts.get(sequence)?.madeElapsedMs;
  }

  setMadeElapsedMs(sequence: number, madeElapsedMs: number): void {
    const facts = this.#facts.get(sequence);
    if (facts !== undefined) facts.madeElapsedMs = madeElapsedMs;
  }

  /** A packet that the gateway has postponed meanwhile stays postponed. */
  acknowledge(sequence: number, elapsedMs: number): void {
    const facts = this.#facts.get(sequence);
    if (facts === undefined || this.#dueMs.has(sequence)) return;
    this.#removeFromLists(facts);
    this.#acknowledged.add(sequence);
    this.#acknowledgedMs.set(sequence, elapsedMs);
  }

  postpone(sequence: number, dueMs: number): void {
    const facts = this.#facts.get(sequence);
    if (facts === undefined) return;
    this.#removeFromLists(facts);
    this.#postponed.add(sequence);
    this.#dueMs.set(sequence, dueMs);
  }

  /** Postponed packets whose wait is over. */
  due(elapsedMs: number): number[] {
    return [...this.#dueMs].filter(([, dueMs]) => dueMs <= elapsedMs).map(([sequence]) => sequence);
  }

  /** Acknowledged before `beforeMs`. */
  acknowledgedBefore(beforeMs: number): number[] {
    return [...this.#acknowledgedMs]
      .filter(([, elapsedMs]) => elapsedMs < beforeMs)
      .map(([sequence]) => sequence);
  }

  requeue(sequence: number): void {
    const facts = this.#facts.get(sequence);
    if (facts === undefined) return;
    this.#removeFromLists(facts);
    this.#queued[facts.type].add(sequence);
  }

  #removeFromLists({ sequence, type }: IndexedEntry): void {
    this.#queued[type].delete(sequence);
    this.#acknowledged.delete(sequence);
    this.#acknowledgedMs.delete(sequence);
    this.#postponed.delete(sequence);
    this.#dueMs.delete(sequence);
  }

  /** Reports from the newest, then readings and statuses from the oldest. */
  nextToPublish(limit: number, isHeld: (sequence: number) => boolean = () => false): number[] {
    const { witness, status, reading } = this.#queued;
    const reports = merge(this.#sendable(limit, isHeld), witness, limit, "last");
    return [...reports, ...merge(status, reading, limit - reports.length, "first")];
  }

  /** The newest beacon reports that need not wait, ascending. */
  #sendable(limit: number, isHeld: (sequence: number) => boolean): number[] {
    const found: number[] = [];
    const { beacon } = this.#queued;
    for (let i = 1; i <= beacon.size && found.length < limit; i++) {
      const sequence = beacon.at(-i);
      // One that cannot be read is taken out while it is asked about.
      if (sequence === undefined) break;
      if (!isHeld(sequence)) found.unshift(sequence);
    }
    return found;
  }

  /** What must be dropped to keep the limits: packets that are too old, then by `DROP_ORDER` those beyond `maxBytes`. */
  excess(limits: OutboxLimits, elapsedMs: number): { sequence: number; wasAcknowledged: boolean }[] {
    const excess = new Map<number, boolean>();
    let bytes = this.#bytes;
    const drop = (sequence: number, wasAcknowledged: boolean) => {
      if (excess.has(sequence)) return;
      excess.set(sequence, wasAcknowledged);
      bytes -= this.#facts.get(sequence)?.byteLength ?? 0;
    };
    // The broker has the acknowledged ones, so they are dropped before packets that nobody else has.
    const lists = [this.#acknowledged, this.#postponed, ...DROP_ORDER.map((type) => this.#queued[type])];
    for (const list of lists) {
      for (const sequence of list) {
        const madeElapsedMs = this.#facts.get(sequence)?.madeElapsedMs ?? elapsedMs;
        if (madeElapsedMs >= elapsedMs - limits.maxAgeMs) break;
        drop(sequence, list === this.#acknowledged);
      }
    }
    for (const list of lists) {
      for (const sequence of list) {
        if (bytes <= limits.maxBytes) break;
        drop(sequence, list === this.#acknowledged);
      }
    }
    return [...excess].map(([sequence, wasAcknowledged]) => ({ sequence, wasAcknowledged }));
  }
}

/** Ascending. */
type NumberList = Pick<readonly number[], "at">;

/** Up to `limit` numbers of both lists in one order: ascending from the first, or descending from the last. */
function merge(a: NumberList, b: NumberList, limit: number, from: "first" | "last"): number[] {
  const merged: number[] = [];
  const at = (list: NumberList, used: number) => list.at(from === "first" ? used : -1 - used);
  let usedA = 0;
  let usedB = 0;
  while (merged.length < limit) {
    const nextA = at(a, usedA);
    const nextB = at(b, usedB);
    if (nextA === undefined && nextB === undefined) break;
    const isA = nextB === undefined || (nextA !== undefined && nextA < nextB === (from === "first"));
    merged.push((isA ? nextA : nextB) as number);
    if (isA) usedA += 1;
    else usedB += 1;
  }
  return merged;
}
