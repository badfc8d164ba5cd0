import { openEnvelope } from "../src/cose.ts";
import { type CborValue, decodeCbor } from "../src/encoding/cbor.ts";
import { PARAMETER_RANGES } from "../src/parameters/parameters.ts";

const around = (...limits: number[]): number[] => limits.flatMap((limit) => [limit - 1, limit, limit + 1]);

/** Values at and beyond every limit that occurs, and of every type. */
const EDGES = [
  ...new Set<CborValue>([
    ...around(0, 2, 3, 5, 12, 23, 31, 40, 50, 255, 300, 400, 1000, 2000, 9000, 20_000, 65_535, 100_000),
    ...around(-12, -40, -100, -200, -400, -500, -1000, 86_400_000, 137_000_000, 1_020_000_000),
    ...around(...new Set(Object.values(PARAMETER_RANGES).flat())),
    ...around(64, 600, 900_000_000, -900_000_000, 1_800_000_000, -1_800_000_000, 2 ** 47, -(2 ** 47)),
    ...around(946_684_800_000, 4_102_444_800_000, 2 ** 32 - 1),
    ...[2n ** 64n - 1n, -(2n ** 63n), null, []],
    // Not 31 bytes: a frame must begin like a beacon, which CDDL cannot express.
    ...[0, 19, 20, 21, 30, 32, 33, 63, 64, 65].map((length) => new Uint8Array(length)),
    ...[0, 1, 16, 17, 24, 25, 32, 33, 40, 41, 80, 81, 200, 201].map((length) => "a".repeat(length)),
    ...["\n", "\u0085", "7", "07", "0", "-1", "1e3", "9".repeat(78), "9".repeat(79)],
    ...[5, 6, 8, 9, 10, 11, 13, 14].map((length) => "水".repeat(length)),
  ]),
];
const LIST_LENGTHS = [0, 2, 12, 13, 16, 17, 32, 33, 64, 65, 256, 257];

/** The payload of an envelope, as the tree that its CBOR is. */
export function payloadOf(bytes: Uint8Array): CborValue[] {
  const opened = openEnvelope(bytes, 65_536);
  const decoded = opened.ok ? decodeCbor(opened.envelope.payload) : opened;
  if (!decoded.ok) throw new Error(decoded.code);
  return decoded.value as CborValue[];
}

/** A place in the tree: the indexes, and keys of maps, that lead there. */
type Place = (number | string)[];
type Parent = CborValue[] | Map<string, CborValue>;

const isParent = (value: unknown): value is Parent => Array.isArray(value) || value instanceof Map;

function placesIn(tree: Parent, path: Place = []): Place[] {
  return [...tree.entries()].flatMap(([index, child]) => {
    const here = [...path, index];
    return [here, ...(isParent(child) ? placesIn(child, here) : [])];
  });
}

const childOf = (parent: Parent, index: number | string): CborValue =>
  (parent instanceof Map ? parent.get(index as string) : parent[index as number]) as CborValue;

/** The tree with one place changed, its parent given to `change`. */
function changed(tree: CborValue[], path: Place, change: (parent: Parent, index: number | string) => void) {
  const copy = structuredClone(tree);
  const parent = path.slice(0, -1).reduce<Parent>((node, index) => childOf(node, index) as Parent, copy);
  change(parent, path.at(-1) as number | string);
  return copy;
}

const replaced = (tree: CborValue[], path: Place, value: CborValue): CborValue[] =>
  changed(tree, path, (parent, index) => {
    if (parent instanceof Map) parent.set(index as string, value);
    else parent[index as number] = value;
  });

/** Keys that no map has yet, the others also such as are no names. */
const FURTHER_KEY = "further";
const OTHER_KEYS = ["", "a b", "1st", "__proto__", "a".repeat(64), "a".repeat(65)];

/** The payload with one thing changed, in every place and in every way: replaced, removed, doubled, repeated, added. */
export function* editsOf(bytes: Uint8Array): Generator<CborValue[]> {
  const tree = payloadOf(bytes);
  for (const path of placesIn(tree)) {
    const value = path.reduce<CborValue>((node, index) => childOf(node as Parent, index), tree);
    for (const other of [...EDGES, new Map()]) yield replaced(tree, path, other);
    yield changed(tree, path, (parent, index) => {
      if (parent instanceof Map) parent.delete(index as string);
      else parent.splice(index as number, 1);
    });
    if (typeof path.at(-1) === "number") {
      yield changed(tree, path, (parent, index) => {
        if (Array.isArray(parent)) parent.splice(index as number, 0, value);
      });
    }
    if (Array.isArray(value) && value.length > 0) {
      for (const length of LIST_LENGTHS) yield replaced(tree, path, new Array(length).fill(value[0]));
    }
    if (value instanceof Map) {
      for (const other of EDGES) yield replaced(tree, [...path, FURTHER_KEY], other);
      for (const key of OTHER_KEYS) yield replaced(tree, [...path, key], 1);
    }
  }
}
