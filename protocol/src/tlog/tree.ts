import { sha256 } from "../crypto/sha256.ts";
import { equalBytes } from "../encoding/bytes.ts";

/*
 * The Merkle tree of a transparency log (RFC 6962 §2.1, RFC 9162 §2.1): SHA-256, leaves and nodes told apart by a first
 * byte. Leaves are counted from 0; a tree of n leaves holds leaves 0 to n − 1.
 */

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

export const HASH_BYTES = 32;

/** Root of the tree without leaves. */
export const EMPTY_TREE_ROOT: Uint8Array = sha256();

export const entryHash = (entry: Uint8Array): Uint8Array => sha256(LEAF_PREFIX, entry);
export const parentHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(NODE_PREFIX, left, right);

/** Root over these leaf hashes. */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const subtrees: Uint8Array[] = [];
  for (const [i, leaf] of leaves.entries()) {
    let hash = leaf;
    for (let rest = i; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      hash = parentHash(subtrees.pop() as Uint8Array, hash);
    }
    subtrees.push(hash);
  }
  return joinSubtrees(subtrees);
}

/** Root of full subtrees that stand side by side, the largest first. */
export const joinSubtrees = (subtrees: readonly Uint8Array[]): Uint8Array =>
  subtrees.length === 0 ? EMPTY_TREE_ROOT : subtrees.reduceRight((right, left) => parentHash(left, right));

/** A full subtree: its 2^level leaves begin at index · 2^level. */
export interface Subtree {
  level: number;
  index: number;
}

/** Leaves from `start` up to `end`, not included. */
export interface LeafRange {
  start: number;
  end: number;
}

/** The full subtrees that a range consists of, the largest first. `start` is 0, or a multiple of the largest one's leaves. */
export function subtreesOf({ start, end }: LeafRange): Subtree[] {
  const subtrees: Subtree[] = [];
  for (let at = start; at < end; ) {
    const level = levelOf(end - at);
    subtrees.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return subtrees;
}

/** Level of the largest full subtree that so many leaves hold, at least one. */
function levelOf(leaves: number): number {
  let level = 0;
  while (2 ** (level + 1) <= leaves) level += 1;
  return level;
}

/** How many leaves of at least two are left of their root: the largest power of two below. */
const leftOf = (leaves: number): number => 2 ** levelOf(leaves - 1);

/**
 * The ranges whose roots prove that the leaf is in the tree, from its sibling up (RFC 6962 §2.1.1).
 * @param index below `size`
 */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + leftOf(end - start);
    const isLeft = index < middle;
    ranges.unshift(isLeft ? { start: middle, end } : { start, end: middle });
    if (isLeft) end = middle;
    else start = middle;
  }
  return ranges;
}

/**
 * The ranges whose roots prove that a tree of `newSize` begins with that of `oldSize` (RFC 6962 §2.1.2).
 * @param oldSize from 0 to `newSize`; the proof from 0, and that of a tree from itself, is empty
 */
export function consistencyRanges(oldSize: number, newSize: number): LeafRange[] {
  const ranges: LeafRange[] = [];
  if (oldSize === 0 || oldSize === newSize) return ranges;
  let [start, end] = [0, newSize];
  while (end !== oldSize) {
    const middle = start + leftOf(end - start);
    const isLeft = oldSize <= middle;
    ranges.unshift(isLeft ? { start: middle, end } : { start, end: middle });
    if (isLeft) end = middle;
    else start = middle;
  }
  // Who checks knows the old root, which this is when the old tree is a full subtree of the new one.
  return start === 0 ? ranges : [{ start, end }, ...ranges];
}

/** Whether a proof leads from a leaf's hash to the root (RFC 9162 §2.1.3.2). Safe on proofs from strangers. */
export function verifyInclusion(
  { index, size, root }: { index: number; size: number; root: Uint8Array },
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  if (![root, leaf, ...proof].every(isHash)) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = parentHash(sibling, hash);
      for (; at % 2 === 0; at /= 2) last = Math.floor(last / 2);
    } else {
      hash = parentHash(hash, sibling);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(hash, root);
}

/** A tree as a checkpoint states it. */
export interface TreeHead {
  size: number;
  root: Uint8Array;
}

/**
 * Whether a proof shows that the new tree begins with the old one: nothing was changed, dropped or put in between (RFC
 * 9162 §2.1.4.2). Safe on proofs from strangers.
 */
export function verifyConsistency(
  old: TreeHead,
  { size, root }: TreeHead,
  proof: readonly Uint8Array[],
): boolean {
  if (!isCount(old.size) || !isCount(size) || old.size > size) return false;
  if (![old.root, root, ...proof].every(isHash)) return false;
  if (old.size === size) return proof.length === 0 && equalBytes(old.root, root);
  if (old.size === 0) return proof.length === 0 && equalBytes(old.root, EMPTY_TREE_ROOT);
  let at = old.size - 1;
  let last = size - 1;
  for (; at % 2 === 1; at = Math.floor(at / 2)) last = Math.floor(last / 2);
  // A full subtree's root is the old root itself, which the proof leaves out.
  const [first, ...rest] = at === 0 ? [old.root, ...proof] : proof;
  if (first === undefined) return false;
  let [oldHash, newHash] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      oldHash = parentHash(sibling, oldHash);
      newHash = parentHash(sibling, newHash);
      for (; at % 2 === 0; at /= 2) last = Math.floor(last / 2);
    } else {
      newHash = parentHash(newHash, sibling);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(oldHash, old.root) && equalBytes(newHash, root);
}

const isHash = ({ length }: Uint8Array): boolean => length === HASH_BYTES;
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
