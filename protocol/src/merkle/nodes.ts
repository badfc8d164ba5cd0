import { createKeccak256, HASH_WORDS, type Keccak256 } from "./keccak256.ts";
import { ENCODED_LEAF_LENGTH, encodeLeaf, type Leaf } from "./leaf.ts";

/** All nodes of a tree in one buffer, 32 bytes each: a million leaves take 64 MB and no object per node. */
interface TreeNodes {
  nodes: Uint8Array;
  /** Which node each leaf is, by the leaf's index. */
  treeIndexes: Uint32Array;
}

const HASH_LENGTH = 4 * HASH_WORDS;

let keccak: Keccak256 | undefined;

/** @throws {RangeError} if a leaf cannot be encoded. */
export function treeNodes(leaves: readonly Leaf[]): TreeNodes {
  // Made on first use: hotspots import this package too, and never build a tree.
  keccak ??= createKeccak256();
  const nodes = new Uint32Array(Math.max(0, 2 * leaves.length - 1) * HASH_WORDS);
  const treeIndexes = placeLeaves(nodes, hashLeaves(leaves, keccak));
  hashInnerNodes(nodes, leaves.length - 1, keccak);
  return { nodes: new Uint8Array(nodes.buffer), treeIndexes };
}

function hashLeaves(leaves: readonly Leaf[], keccak: Keccak256): Uint32Array {
  const hashes = new Uint32Array(leaves.length * HASH_WORDS);
  const encoded = new DataView(new ArrayBuffer(ENCODED_LEAF_LENGTH));
  const words = new Uint32Array(encoded.buffer);
  for (let i = 0; i < leaves.length; i++) {
    encodeLeaf(leaves[i] as Leaf, encoded);
    keccak.absorb(words, 0, words.length);
    keccak.digest(hashes, i * HASH_WORDS);
    keccak.absorb(hashes, i * HASH_WORDS, HASH_WORDS);
    keccak.digest(hashes, i * HASH_WORDS);
  }
  return hashes;
}

/** Copies the leaves' hashes, sorted, to the end of the tree, from its last place backwards. */
function placeLeaves(nodes: Uint32Array, hashes: Uint32Array): Uint32Array {
  const order = sortedByHash(new Uint8Array(hashes.buffer));
  const treeIndexes = new Uint32Array(order.length);
  for (let rank = 0; rank < order.length; rank++) {
    const leaf = order[rank] as number;
    const place = nodes.length / HASH_WORDS - 1 - rank;
    treeIndexes[leaf] = place;
    for (let i = 0; i < HASH_WORDS; i++)
      nodes[place * HASH_WORDS + i] = hashes[leaf * HASH_WORDS + i] as number;
  }
  return treeIndexes;
}

function hashInnerNodes(nodes: Uint32Array, innerCount: number, keccak: Keccak256): void {
  const bytes = new Uint8Array(nodes.buffer);
  for (let i = innerCount - 1; i >= 0; i--) {
    const [left, right] = [2 * i + 1, 2 * i + 2];
    const leftFirst = compareHashes(bytes, left, right) <= 0;
    keccak.absorb(nodes, (leftFirst ? left : right) * HASH_WORDS, HASH_WORDS);
    keccak.absorb(nodes, (leftFirst ? right : left) * HASH_WORDS, HASH_WORDS);
    keccak.digest(nodes, i * HASH_WORDS);
  }
}

/** The siblings from a node up to the root, copied. */
export function siblings(nodes: Uint8Array, treeIndex: number): Uint8Array[] {
  const proof: Uint8Array[] = [];
  for (let i = treeIndex; i > 0; i = (i - 1) >> 1) {
    const sibling = i % 2 === 1 ? i + 1 : i - 1;
    proof.push(nodes.slice(sibling * HASH_LENGTH, (sibling + 1) * HASH_LENGTH));
  }
  return proof;
}

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
 * one double, which holds 53, because typed arrays sort plain numbers without calling back. Hashes with the same first 24
 * bits are then sorted by insertion: few of a million.
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
