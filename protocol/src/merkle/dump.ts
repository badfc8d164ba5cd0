import { toHex } from "../bytes.ts";
import { LEAF_ENCODING, type Leaf } from "./leaf.ts";

export interface MerkleDump {
  format: "standard-v1";
  leafEncoding: string[];
  tree: string[];
  values: { value: string[]; treeIndex: number }[];
}

/** What a dump is made of (as objects here, as text in `dump-text.ts`). */
export interface Dumpable {
  leaves: readonly Leaf[];
  /** 32 bytes per node. */
  nodes: Uint8Array;
  /** By index of the leaf. */
  treeIndexes: Uint32Array;
}

const HASH_LENGTH = 32;

export function dumpOf(tree: Dumpable): MerkleDump {
  return {
    format: "standard-v1",
    leafEncoding: [...LEAF_ENCODING],
    tree: Array.from({ length: tree.nodes.length / HASH_LENGTH }, (_, i) => nodeEntry(tree, i)),
    values: tree.leaves.map((_, i) => valueEntry(tree, i)),
  };
}

const nodeEntry = ({ nodes }: Dumpable, index: number): string =>
  hex(nodes.subarray(index * HASH_LENGTH, (index + 1) * HASH_LENGTH));

const valueEntry = ({ leaves, treeIndexes }: Dumpable, index: number): MerkleDump["values"][number] => ({
  value: leafValues(leaves[index] as Leaf),
  treeIndex: treeIndexes[index] as number,
});

const leafValues = ({ chainId, contract, hotspot, payee, cumulative }: Leaf): string[] => [
  chainId.toString(),
  hex(contract),
  hex(hotspot),
  hex(payee),
  cumulative.toString(),
];

const hex = (bytes: Uint8Array): string => `0x${toHex(bytes)}`;
