import { keccak_256 } from "@noble/hashes/sha3.js";
import { compareBytes, concatBytes, equalBytes, toHex } from "./bytes.ts";

/**
 * The tree of an epoch's claims, the same to the last bit as OpenZeppelin's StandardMerkleTree ("standard-v1"), so
 * that the contracts' MerkleProof library checks a claim.
 *
 *     leaf = keccak256(keccak256(abi.encode(chainId, contract, hotspot, payee, cumulative)))
 *     node = keccak256(smaller child ‖ larger child)
 *
 * A complete binary tree in an array: the root is node 0, the children of node i are 2i + 1 and 2i + 2, and the
 * leaves, sorted by hash, fill the end of the array from its last place backwards.
 */

/** What one hotspot may claim in all, up to and including an epoch. */
export interface Leaf {
  chainId: bigint;
  /** The distributor contract, 20 bytes. */
  contract: Uint8Array;
  /** The hotspot's public key, 32 bytes. */
  hotspot: Uint8Array;
  /** The account that is paid, 20 bytes. */
  payee: Uint8Array;
  /** The sum of all amounts ever awarded, in the token's smallest unit. */
  cumulative: bigint;
}

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
}

export interface MerkleDump {
  format: "standard-v1";
  leafEncoding: string[];
  tree: string[];
  values: { value: string[]; treeIndex: number }[];
}

/** The root of the tree without leaves: 32 zero bytes, which no hash is known to give. */
export const EMPTY_ROOT: Uint8Array = new Uint8Array(32);

export const LEAF_ENCODING: readonly string[] = ["uint256", "address", "bytes32", "address", "uint256"];

const WORD_LENGTH = 32;
const MAX_UINT256 = (1n << 256n) - 1n;

/**
 * The hash under which a leaf stands in the tree.
 * @throws {RangeError} if a number does not fit uint256 or bytes have the wrong length.
 */
export function leafHash(leaf: Leaf): Uint8Array {
  const encoded = concatBytes(
    uint256("chainId", leaf.chainId),
    leftPadded("contract", leaf.contract, 20),
    leftPadded("hotspot", leaf.hotspot, 32),
    leftPadded("payee", leaf.payee, 20),
    uint256("cumulative", leaf.cumulative),
  );
  return keccak_256(keccak_256(encoded));
}

/**
 * The tree over leaves in any order; the order changes neither root nor proofs.
 * @throws {RangeError} if a leaf cannot be encoded.
 */
export function buildTree(leaves: readonly Leaf[]): MerkleTree {
  const sorted = leaves
    .map((leaf, index) => ({ hash: leafHash(leaf), index }))
    .sort((a, b) => compareBytes(a.hash, b.hash));
  const nodes = treeOf(sorted.map(({ hash }) => hash));
  const treeIndexes = new Array<number>(leaves.length);
  for (const [rank, { index }] of sorted.entries()) treeIndexes[index] = nodes.length - 1 - rank;
  return {
    root: nodes[0] ?? EMPTY_ROOT,
    proof: (index) => siblings(nodes, treeIndexes[index], index),
    dump: () => ({
      format: "standard-v1",
      leafEncoding: [...LEAF_ENCODING],
      tree: nodes.map(hex),
      values: leaves.map((leaf, i) => ({ value: leafValues(leaf), treeIndex: treeIndexes[i] as number })),
    }),
  };
}

/** Whether a proof leads from a leaf's hash to the root. Safe on proofs from strangers; nothing is in the empty tree. */
export function verifyProof(root: Uint8Array, leaf: Uint8Array, proof: readonly Uint8Array[]): boolean {
  if (equalBytes(root, EMPTY_ROOT) || ![leaf, ...proof].every(({ length }) => length === WORD_LENGTH))
    return false;
  return equalBytes(root, proof.reduce(nodeHash, leaf));
}

function treeOf(sortedHashes: readonly Uint8Array[]): Uint8Array[] {
  if (sortedHashes.length === 0) return [];
  const inner = sortedHashes.length - 1;
  const nodes = new Array<Uint8Array>(inner).concat(sortedHashes.toReversed());
  for (let i = inner - 1; i >= 0; i--) {
    nodes[i] = nodeHash(nodes[2 * i + 1] as Uint8Array, nodes[2 * i + 2] as Uint8Array);
  }
  return nodes;
}

function siblings(nodes: readonly Uint8Array[], treeIndex: number | undefined, index: number): Uint8Array[] {
  if (treeIndex === undefined) throw new RangeError(`There is no leaf ${index} in the tree`);
  const proof: Uint8Array[] = [];
  for (let i = treeIndex; i > 0; i = (i - 1) >> 1) {
    const sibling = i % 2 === 1 ? i + 1 : i - 1;
    proof.push(nodes[sibling] as Uint8Array);
  }
  return proof;
}

function nodeHash(a: Uint8Array, b: Uint8Array): Uint8Array {
  return keccak_256(compareBytes(a, b) <= 0 ? concatBytes(a, b) : concatBytes(b, a));
}

function leafValues({ chainId, contract, hotspot, payee, cumulative }: Leaf): string[] {
  return [chainId.toString(), hex(contract), hex(hotspot), hex(payee), cumulative.toString()];
}

const hex = (bytes: Uint8Array) => `0x${toHex(bytes)}`;

function uint256(name: string, value: bigint): Uint8Array {
  if (value < 0n || value > MAX_UINT256) throw new RangeError(`${name} is ${value}, must fit uint256`);
  return Uint8Array.fromHex(value.toString(16).padStart(2 * WORD_LENGTH, "0"));
}

function leftPadded(name: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${name} has ${bytes.length} bytes, must have ${length}`);
  const word = new Uint8Array(WORD_LENGTH);
  word.set(bytes, WORD_LENGTH - length);
  return word;
}
