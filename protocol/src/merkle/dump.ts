import { utf8 } from "../encoding/bytes.ts";
import { LEAF_ENCODING, type Leaf } from "./leaf.ts";

export interface MerkleDump {
  format: "standard-v1";
  leafEncoding: string[];
  tree: string[];
  values: { value: string[]; treeIndex: number }[];
}

/** What a dump is made of. */
interface Dumpable {
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

const hex = (bytes: Uint8Array): string => `0x${bytes.toHex()}`;

/*
 * The text of a dump, written byte by byte into one buffer: built from strings, that of a million leaves would leave a
 * gigabyte of garbage.
 */

const CHUNK_LENGTH = 65_536;
/** An entry is shorter: two numbers of at most 78 digits, 72 bytes in hex, and the JSON around them. */
const LONGEST_ENTRY = 1024;
const ascii = new TextDecoder();
const HEX_DIGITS = utf8("0123456789abcdef");

/** `JSON.stringify(dump, null, 1)` and a newline in chunks of some 64 KiB. */
export function* dumpTextOf({ leaves, nodes, treeIndexes }: Dumpable): Generator<string> {
  const out = new AsciiBuffer();
  const head = JSON.stringify({ format: "standard-v1", leafEncoding: LEAF_ENCODING }, null, 1);
  out.text(head.slice(0, -"\n}".length));
  yield* list(out, "tree", nodes.length / HASH_LENGTH, (i) => {
    out.hex(nodes, i * HASH_LENGTH, HASH_LENGTH);
  });
  yield* list(out, "values", leaves.length, (i) => {
    writeValue(out, leaves[i] as Leaf, treeIndexes[i] as number);
  });
  out.text("\n}\n");
  yield out.take();
}

function* list(
  out: AsciiBuffer,
  name: string,
  count: number,
  writeEntry: (index: number) => void,
): Generator<string> {
  out.text(`,\n "${name}": [`);
  for (let i = 0; i < count; i++) {
    out.text(i === 0 ? "\n  " : ",\n  ");
    writeEntry(i);
    if (out.length > CHUNK_LENGTH - LONGEST_ENTRY) yield out.take();
  }
  out.text(count === 0 ? "]" : "\n ]");
}

function writeValue(out: AsciiBuffer, leaf: Leaf, treeIndex: number): void {
  out.text(`{\n   "value": [\n    "${leaf.chainId}"`);
  for (const bytes of [leaf.contract, leaf.hotspot, leaf.payee]) {
    out.text(",\n    ");
    out.hex(bytes, 0, bytes.length);
  }
  out.text(`,\n    "${leaf.cumulative}"\n   ],\n   "treeIndex": ${treeIndex}\n  }`);
}

class AsciiBuffer {
  readonly #bytes = new Uint8Array(CHUNK_LENGTH);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /** As a JSON string: `"0x…"`. */
  hex(bytes: Uint8Array, start: number, count: number): void {
    this.text('"0x');
    for (let i = start; i < start + count; i++) {
      const byte = bytes[i] as number;
      this.#bytes[this.#length++] = HEX_DIGITS[byte >> 4] as number;
      this.#bytes[this.#length++] = HEX_DIGITS[byte & 15] as number;
    }
    this.text('"');
  }

  /** All that was written since the last time. */
  take(): string {
    const taken = ascii.decode(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }
}
