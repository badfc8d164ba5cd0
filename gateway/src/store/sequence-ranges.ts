import type { SequenceRange } from "@earshot/protocol";
import type { Database } from "./database.ts";
import type { StoredPacket } from "./records.ts";
import type { Integer } from "./rows.ts";
import type { Store } from "./store.ts";

interface RangeRow {
  first: Integer;
  last: Integer;
}

const rangeOf = ({ first, last }: RangeRow): SequenceRange => ({ first: Number(first), last: Number(last) });

/** Hotspots whose ranges are kept in memory, and their ranges in all: an honest hotspot has one or a few. */
const MAX_CACHED = { hotspots: 65_536, ranges: 1_000_000 };

/**
 * Runs of stored sequence numbers. The query reads all of a hotspot's packets ("gaps and islands"), so where
 * nobody else writes to the database its answer is kept, least recently used first out, and followed from then on.
 */
export class SequenceRanges implements Pick<Store, "sequenceRanges" | "newestRanges"> {
  readonly #database: Database;
  readonly #limits: typeof MAX_CACHED;
  readonly #cache = new Map<string, SequenceRange[]>();
  /** Ranges in the cache. */
  #count = 0;

  constructor(database: Database, limits = MAX_CACHED) {
    this.#database = database;
    this.#limits = limits;
  }

  async sequenceRanges(hotspotId: string, beforeEpoch?: number): Promise<SequenceRange[]> {
    if (beforeEpoch !== undefined) return this.#query(hotspotId, beforeEpoch);
    const known = this.#cache.get(hotspotId);
    if (known !== undefined) this.#keep(hotspotId, known);
    return (known ?? (await this.#load(hotspotId))).map((range) => ({ ...range }));
  }

  /**
   * For readers: costs no more than `numbers` entries of an index, waits for no write, and does not fill the cache.
   */
  async newestRanges(hotspotId: string, numbers: number): Promise<SequenceRange[]> {
    const known = this.#cache.get(hotspotId);
    if (known !== undefined) return newestOf(known, numbers);
    const { sql } = this.#database;
    const rows = await sql<RangeRow[]>`
      SELECT MIN(sequence) AS first, MAX(sequence) AS last FROM (
        SELECT sequence, sequence - ROW_NUMBER() OVER (ORDER BY sequence) AS island FROM (
          SELECT DISTINCT sequence FROM packets WHERE hotspot = (SELECT number FROM senders WHERE id = ${hotspotId})
          ORDER BY sequence DESC LIMIT ${numbers}) AS numbers) AS islands
      GROUP BY island ORDER BY first`;
    return rows.map(rangeOf);
  }

  /** Packets that are in the database now. */
  note(packets: Iterable<Pick<StoredPacket, "hotspotId" | "sequence">>): void {
    for (const { hotspotId, sequence } of packets) {
      const ranges = this.#cache.get(hotspotId);
      if (ranges === undefined) continue;
      const before = ranges.length;
      addToRanges(ranges, sequence);
      this.#count += ranges.length - before;
    }
    this.#makeRoom();
  }

  async #load(hotspotId: string): Promise<SequenceRange[]> {
    if (!this.#database.exclusive) return this.#query(hotspotId);
    // In the queue of writes: whatever is stored before is in the answer, whatever comes after is noted.
    return this.#database.transaction(async () => {
      const ranges = this.#cache.get(hotspotId) ?? (await this.#query(hotspotId));
      this.#keep(hotspotId, ranges);
      return ranges;
    });
  }

  #keep(hotspotId: string, ranges: SequenceRange[]): void {
    if (this.#cache.delete(hotspotId)) this.#count -= ranges.length;
    this.#cache.set(hotspotId, ranges);
    this.#count += ranges.length;
    this.#makeRoom();
  }

  /** A hotspot that leaves gaps on purpose evicts the least recently used ones, and at last itself. */
  #makeRoom(): void {
    for (const [hotspotId, ranges] of this.#cache) {
      if (this.#cache.size <= this.#limits.hotspots && this.#count <= this.#limits.ranges) return;
      this.#cache.delete(hotspotId);
      this.#count -= ranges.length;
    }
  }

  async #query(hotspotId: string, beforeEpoch?: number): Promise<SequenceRange[]> {
    const { sql } = this.#database;
    const rows = await (beforeEpoch === undefined
      ? sql<RangeRow[]>`
          SELECT MIN(sequence) AS first, MAX(sequence) AS last FROM (
            SELECT sequence, sequence - ROW_NUMBER() OVER (ORDER BY sequence) AS island FROM (
              SELECT DISTINCT sequence FROM packets WHERE hotspot = (SELECT number FROM senders WHERE id = ${hotspotId})) AS numbers) AS islands
          GROUP BY island ORDER BY first`
      : sql<RangeRow[]>`
          SELECT MIN(sequence) AS first, MAX(sequence) AS last FROM (
            SELECT sequence, sequence - ROW_NUMBER() OVER (ORDER BY sequence) AS island FROM (
              SELECT DISTINCT sequence FROM packets
              WHERE hotspot = (SELECT number FROM senders WHERE id = ${hotspotId}) AND epoch < ${beforeEpoch}) AS numbers) AS islands
          GROUP BY island ORDER BY first`);
    return rows.map(rangeOf);
  }
}

/** Adds one number to ascending ranges that lie apart; joins what it makes adjacent. */
export function addToRanges(ranges: SequenceRange[], sequence: number): void {
  const at = rangesFrom(ranges, sequence);
  const before = ranges[at - 1];
  const next = ranges[at];
  if (before !== undefined && sequence <= before.last) return;
  const joinsBefore = before?.last === sequence - 1;
  const joinsNext = next?.first === sequence + 1;
  if (joinsBefore && joinsNext) {
    before.last = next.last;
    ranges.splice(at, 1);
  } else if (joinsBefore) before.last = sequence;
  else if (joinsNext) next.first = sequence;
  else ranges.splice(at, 0, { first: sequence, last: sequence });
}

/** The runs of the newest `numbers` numbers. */
function newestOf(ranges: readonly SequenceRange[], numbers: number): SequenceRange[] {
  const newest: SequenceRange[] = [];
  let left = numbers;
  for (const { first, last } of ranges.toReversed()) {
    if (left <= 0) break;
    newest.push({ first: Math.max(first, last - left + 1), last });
    left -= last - first + 1;
  }
  return newest.reverse();
}

/** How many ranges begin at this number or below: nearly always all, else found by halving. */
function rangesFrom(ranges: readonly SequenceRange[], sequence: number): number {
  if ((ranges.at(-1)?.first ?? 0) <= sequence) return ranges.length;
  let [low, high] = [0, ranges.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as SequenceRange).first <= sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}
