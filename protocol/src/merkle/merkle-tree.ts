import { keccak_256 } from "@noble/hashes/sha3.js";
import { compareBytes, concatBytes, equalBytes } from "../encoding/bytes.ts";
import { dumpOf, dumpTextOf, type MerkleDump } from "./dump.ts";
import { ENCODED_LEAF_LENGTH, encodeLeaf, type Leaf } from "./leaf.ts";
import { siblings, treeNodes } from "./nodes.ts";

export type { MerkleDump } from "./dump.ts";
export { LEAF_ENCODING, type Leaf } from "./leaf.ts";

/**
 * The tree of an epoch's claims, the same to the last bit as OpenZeppelin's StandardMerkleTree ("standard-v1"), so
 * that the contracts' MerkleProof library checks a claim.
 *
 *     leaf = keccak256(keccak256(abi.encode(chainId, contract, hotspot, payee, cumulative)))
 *     node = keccak256(smaller child ‖ larger child)
 *
 * A complete binary tree in an array: the root is node 0, the children of node i are 2i + 1 and 2i + 2, and the
 * leaves, sorted by hash, fill the end of the array from its last place backwards.
 *
 * A whole tree is hashed by our own Keccak-256 (`keccak256.ts`); a single leaf or proof by a library's, so that a claim
 * is checked by other code than the code that made it.
 */
export interface MerkleTree {
  /** 32 bytes; `EMPTY_ROOT` when there is no leaf. */
  readonly root: Uint8Array;
  /**
   * The siblings from a leaf up to the root.
   * @param index the leaf's place in the list given to `buildTree`.
   * @throws {RangeError} if there is no such leaf.
   */
  proof(index: number): Uint8Array[];
  /** What StandardMerkleTree.load accepts: numbers as decimal strings, bytes as lower-case 0x hex. */
  dump(): MerkleDump;
  /** `JSON.stringify(dump(), null, 1)` and a newline, in chunks: of a million leaves it is 400 MB, in ASCII. */
  dumpText(): Iterable<string>;
}

/** The root of the tree without leaves: 32 zero bytes, which no hash is known to give. */
export const EMPTY_ROOT: Uint8Array = new Uint8Array(32);

const HASH_LENGTH = 32;

/**
 * The hash of a leaf in the tree.
 * @throws {RangeError} if a number does not fit uint256 or bytes have the wrong length.
 */
export function leafHash(leaf: Leaf): Uint8Array {
  const encoded = new DataView(new ArrayBuffer(ENCODED_LEAF_LENGTH));
  encodeLeaf(leaf, encoded);
  return keccak_256(keccak_256(new Uint8Array(encoded.buffer)));
}

/**
 * The tree over leaves in any order; the order changes neither root nor proofs. It keeps the list for its dumps.
 * @throws {RangeError} if a leaf cannot be encoded.
 */
export function buildTree(leaves: readonly Leaf[]): MerkleTree {
  const { nodes, treeIndexes } = treeNodes(leaves);
  return {
    root: leaves.length === 0 ? EMPTY_ROOT : nodes.slice(0, HASH_LENGTH),
    proof(index) {
      const treeIndex = treeIndexes[index];
      if (treeIndex === undefined) throw new RangeError(`There is no leaf ${index} in the tree`);
      return siblings(nodes, treeIndex);
    },
    dump: () => dumpOf({ leaves, nodes, treeIndexes }),
    dumpText: () => dumpTextOf({ leaves, nodes, treeIndexes }),
  };
}

/** Whether a proof leads from a leaf's hash to the root. Safe on proofs from strangers; nothing is in the empty tree. */
export function verifyProof(root: Uint8Array, leaf: Uint8Array, proof: readonly Uint8Array[]): boolean {
  if (equalBytes(root, EMPTY_ROOT) || ![leaf, ...proof].every(({ length }) => length === HASH_LENGTH))
    return false;
  return equalBytes(root, proof.reduce(nodeHash, leaf));
}

function nodeHash(a: Uint8Array, b: Uint8Array): Uint8Array {
  return keccak_256(compareBytes(a, b) <= 0 ? concatBytes(a, b) : concatBytes(b, a));
}
