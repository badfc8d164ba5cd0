import { compareHashes, sortedByHash } from "./hash-order.ts";
import { createKeccak256, HASH_WORDS, type Keccak256 } from "./keccak256.ts";
import { ENCODED_LEAF_LENGTH, encodeLeaf, type Leaf } from "./leaf.ts";

/** All nodes of a tree in one buffer, 32 bytes each: a million leaves take 64 MB and no object per node. */
export interface TreeNodes {
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
