import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareBytes, concatBytes } from "../encoding/bytes.ts";
import { compareHashes, sortedByHash } from "./nodes.ts";

/** Few different bytes at the places that decide, so that every length of shared prefix occurs, and equal hashes. */
const hash = fc
  .record({
    bits: fc.constantFrom(0, 1, 127, 128, 255),
    at: fc.constantFrom(0, 2, 3, 4, 31),
    fill: fc.constantFrom(0, 1, 255),
  })
  .map(({ bits, at, fill }) => new Uint8Array(32).fill(fill).fill(bits, at, at + 1));

test("sorts as comparing bytes does, equal hashes in the order of their indexes", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(hash, fc.uint8Array({ minLength: 32, maxLength: 32 }))), (hashes) => {
      const expected = [...hashes.keys()].sort(
        (a, b) => compareBytes(hashes[a] as Uint8Array, hashes[b] as Uint8Array) || a - b,
      );
      expect([...sortedByHash(concatBytes(...hashes))]).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test("compares as comparing bytes does", () => {
  fc.assert(
    fc.property(hash, hash, (a, b) => {
      const order = compareHashes(concatBytes(a, b), 0, 1);
      expect(Math.sign(order)).toBe(Math.sign(compareBytes(a, b)));
    }),
  );
});
