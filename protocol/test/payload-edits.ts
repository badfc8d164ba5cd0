import fc from "fast-check";
import { type CborValue, decodeCbor } from "../src/cbor.ts";
import { openEnvelope } from "../src/cose.ts";

/** Values at and beyond every limit that occurs, and of every type. */
const EDGES = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 23, 24, 50, 51, 255, 256, 300, 301, 400, 401, 1000, 1001],
  ...[2000, 2001, 9000, 9001, 20_000, 20_001, 65_535, 65_536, 100_000, 100_001, 86_400_000, 86_400_001],
  ...[-1, -12, -13, -40, -41, -100, -101, -200, -201, -400, -401, -500, -501, -1000, -1001, 40, 41],
  ...[137_000_000, 1_020_000_000, 900_000_000, 1_800_000_000].flatMap((limit) => [
    limit - 1,
    limit,
    limit + 1,
  ]),
  ...[-900_000_000, -1_800_000_000, -(2 ** 47), 2 ** 47].flatMap((limit) => [limit - 1, limit, limit + 1]),
  ...[946_684_800_000, 4_102_444_800_000, 2 ** 32].flatMap((limit) => [limit - 1, limit, limit + 1]),
];
const edge: fc.Arbitrary<CborValue> = fc.oneof(
  fc.constantFrom<CborValue[]>(...EDGES, 2n ** 64n - 1n, -(2n ** 63n), null, []),
  fc.constantFrom(0, 19, 20, 21, 30, 32, 33, 63, 64, 65).map((length) => new Uint8Array(length)),
  fc.constantFrom("", "\n", "\u0085", "7", "07", "0", "-1", "水".repeat(6), "9".repeat(78), "9".repeat(79)),
  fc.constantFrom(16, 17, 32, 33, 40, 41).map((length) => "a".repeat(length)),
  fc.integer(),
);

/** The payload of an envelope, as the tree that its CBOR is. */
export function payloadOf(bytes: Uint8Array): CborValue[] {
  const opened = openEnvelope(bytes, 65_536);
  const decoded = opened.ok ? decodeCbor(opened.envelope.payload) : opened;
  if (!decoded.ok) throw new Error(decoded.code);
  return decoded.value as CborValue[];
}

/** All arrays of the tree, each with its indexes. */
function places(tree: CborValue[]): { parent: CborValue[]; index: number }[] {
  return tree.flatMap((child, index) => [
    { parent: tree, index },
    ...(Array.isArray(child) ? places(child as CborValue[]) : []),
  ]);
}

/** A payload with one place replaced, removed or doubled. */
export const edited = (bytes: Uint8Array): fc.Arbitrary<CborValue[]> =>
  fc
    .tuple(fc.nat(), edge, fc.constantFrom("replace", "remove", "insert", "double"))
    .map(([at, value, how]) => {
      const tree = structuredClone(payloadOf(bytes));
      const all = places(tree);
      const { parent, index } = all[at % all.length] as (typeof all)[0];
      if (how === "replace") parent[index] = value;
      else if (how === "remove") parent.splice(index, 1);
      else parent.splice(index, 0, how === "insert" ? value : (parent[index] as CborValue));
      return tree;
    });
