const HASH_LENGTH = 32;

/** The order of two 32-byte hashes in `hashes`, given by index: negative if `a` comes first. */
export function compareHashes(hashes: Uint8Array, a: number, b: number): number {
  for (let i = a * HASH_LENGTH, j = b * HASH_LENGTH, end = i + HASH_LENGTH; i < end; i++, j++) {
    const difference = (hashes[i] as number) - (hashes[j] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The indexes of 32-byte hashes, sorted by hash; equal ones by index. The first 24 bits of each and its index go into
 * one double, which holds 53, because typed arrays sort plain numbers without calling back. What shares its first 24
 * bits is then put right by insertion: few of a million do.
 */
export function sortedByHash(hashes: Uint8Array): Uint32Array {
  const count = hashes.length / HASH_LENGTH;
  const view = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength);
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (view.getUint32(i * HASH_LENGTH) >>> 8) * count + i;
  const order = Uint32Array.from(keys.sort(), (key) => key % count);
  for (let rank = 1; rank < count; rank++) insert(order, rank, hashes);
  return order;
}

/** Moves the entry at `rank` down to its place among those before it, which are in order. */
function insert(order: Uint32Array, rank: number, hashes: Uint8Array): void {
  const moved = order[rank] as number;
  let to = rank;
  for (; to > 0 && compareHashes(hashes, moved, order[to - 1] as number) < 0; to--)
    order[to] = order[to - 1] as number;
  order[to] = moved;
}
