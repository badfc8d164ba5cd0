import { toHex } from "../bytes.ts";
import { LEAF_ENCODING, type Leaf } from "./leaf.ts";

export interface MerkleDump {
  format: "standard-v1";
  leafEncoding: string[];
  tree: string[];
  values: { value: string[]; treeIndex: number }[];
}

/** What a dump is made of. */
export interface Dumpable {
  leaves: readonly Leaf[];
  /** 32 bytes per node. */
  nodes: Uint8Array;
  /** By index of the leaf. */
  treeIndexes: Uint32Array;
}

const HASH_LENGTH = 32;
/** A chunk of text is some 100 KiB. */
const ENTRIES_PER_CHUNK = 512;

export function dumpOf(tree: Dumpable): MerkleDump {
  return {
    format: "standard-v1",
    leafEncoding: [...LEAF_ENCODING],
    tree: Array.from({ length: tree.nodes.length / HASH_LENGTH }, (_, i) => nodeEntry(tree, i)),
    values: tree.leaves.map((_, i) => valueEntry(tree, i)),
  };
}

export function* dumpTextOf(tree: Dumpable): Generator<string> {
  yield JSON.stringify({ format: "standard-v1", leafEncoding: LEAF_ENCODING }, null, 1).slice(
    0,
    -"\n}".length,
  );
  yield* listText("tree", tree.nodes.length / HASH_LENGTH, (i) => nodeEntry(tree, i));
  yield* listText("values", tree.leaves.length, (i) => valueEntry(tree, i));
  yield "\n}\n";
}

function* listText(name: string, count: number, entry: (index: number) => unknown): Generator<string> {
  yield `,\n "${name}": [`;
  for (let start = 0; start < count; start += ENTRIES_PER_CHUNK) {
    let chunk = "";
    for (let i = start; i < Math.min(count, start + ENTRIES_PER_CHUNK); i++) {
      const text = JSON.stringify(entry(i), null, 1).replaceAll("\n", "\n  ");
      chunk += `${i === 0 ? "" : ","}\n  ${text}`;
    }
    yield chunk;
  }
  yield count === 0 ? "]" : "\n ]";
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
