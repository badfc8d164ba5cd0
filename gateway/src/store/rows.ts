/** PostgreSQL gives 64-bit integers as text, SQLite as numbers. All of ours are below 2^53. */
export type Integer = number | string;

export const nullableNumber = (value: Integer | null): number | null =>
  value === null ? null : Number(value);

/** A plain view: the PostgreSQL client gives Buffers, whose `slice` does not copy. */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Below the limits of bound values in one statement: SQLite 32,766, PostgreSQL 65,535. */
const MAX_BOUND_VALUES = 30_000;

/** Calls `insert` with as many rows at a time as one statement takes. */
export async function inChunks<T extends object>(
  rows: readonly T[],
  insert: (chunk: T[]) => Promise<unknown>,
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const size = Math.floor(MAX_BOUND_VALUES / Object.keys(first).length);
  for (let from = 0; from < rows.length; from += size) await insert(rows.slice(from, from + size));
}

const IDS_IN_A_STATEMENT = 1000;

/** Each id once, as many at a time as one statement names. */
export function* chunksOf(ids: Iterable<string>): Generator<string[], void, void> {
  const wanted = [...new Set(ids)];
  for (let from = 0; from < wanted.length; from += IDS_IN_A_STATEMENT) {
    yield wanted.slice(from, from + IDS_IN_A_STATEMENT);
  }
}
