import { openEnvelope } from "../src/cose.ts";
import { type CborValue, decodeCbor } from "../src/encoding/cbor.ts";
import { PARAMETER_RANGES } from "../src/parameters/parameters.ts";

const around = (...limits: number[]): number[] => limits.flatMap((limit) => [limit - 1, limit, limit + 1]);

/** Values at and beyond every limit that occurs, and of every type. */
const EDGES: CborValue[] = [
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
];
const LIST_LENGTHS = [0, 2, 12, 13, 16, 17, 32, 33, 64, 65, 256, 257];

/** The payload of an envelope, as the tree that its CBOR is. */
export function payloadOf(bytes: Uint8Array): CborValue[] {
  const opened = openEnvelope(bytes, 65_536);
  const decoded = opened.ok ? decodeCbor(opened.envelope.payload) : opened;
  if (!decoded.ok) throw new Error(decoded.code);
  return decoded.value as CborValue[];
}

/** A place in the tree, as the indexes that lead there. */
function placesIn(tree: CborValue[], path: number[] = []): number[][] {
  return tree.flatMap((child, index) => {
    const here = [...path, index];
    return [here, ...(Array.isArray(child) ? placesIn(child as CborValue[], here) : [])];
  });
}

function changed(tree: CborValue[], path: number[], change: (parent: CborValue[], index: number) => void) {
  const copy = structuredClone(tree);
  const parent = path.slice(0, -1).reduce<CborValue[]>((node, index) => node[index] as CborValue[], copy);
  change(parent, path.at(-1) as number);
  return copy;
}

/** The payload with one thing changed, in every place and in every way: replaced, removed, doubled, repeated. */
export function* editsOf(bytes: Uint8Array): Generator<CborValue[]> {
  const tree = payloadOf(bytes);
  for (const path of placesIn(tree)) {
    for (const value of EDGES) {
      yield changed(tree, path, (parent, index) => {
        parent[index] = value;
      });
    }
    yield changed(tree, path, (parent, index) => parent.splice(index, 1));
    yield changed(tree, path, (parent, index) => parent.splice(index, 0, parent[index] as CborValue));
    for (const length of LIST_LENGTHS) {
      yield changed(tree, path, (parent, index) => {
        const list = parent[index];
        if (Array.isArray(list) && list.length > 0) parent[index] = new Array(length).fill(list[0]);
      });
    }
  }
}
