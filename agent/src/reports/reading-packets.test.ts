import { expect, test } from "bun:test";
import { encodePacket, MAX_QUANTITIES, type Quantity, signerFromSeed } from "@earshot/protocol";
import fc from "fast-check";
import { split } from "./reading-packets.ts";

const MOST = 2 ** 47;
const signer = signerFromSeed(new Uint8Array(32).fill(1));

const bytesOf = (quantities: readonly Quantity[]): number =>
  encodePacket(
    {
      type: "reading",
      sequence: 1,
      atMs: Date.UTC(2026, 0, 1),
      source: "s",
      periodMs: 300_000,
      quantities: [...quantities],
    },
    signer,
    "test",
  ).length;
const NONE_BYTES = bytesOf([]);

const quantities = fc.array(
  fc.record({
    name: fc.string({ unit: fc.constantFrom("a", "b", "_"), minLength: 1, maxLength: 32 }),
    exponent: fc.integer({ min: -12, max: 12 }),
    min: fc.constantFrom(-MOST, 0),
    mean: fc.constantFrom(-MOST, 0, MOST),
    max: fc.constantFrom(0, MOST),
    count: fc.constantFrom(1, 2 ** 32 - 1),
  }),
  { maxLength: 64 },
);

test("quantities go into packets in order, each within its bytes and its number, and none that had room before", () => {
  fc.assert(
    fc.property(quantities, (all) => {
      const parts = split(all);
      expect(parts.flat()).toEqual(all);
      for (const [i, part] of parts.entries()) {
        expect(part.length).toBeGreaterThan(0);
        expect(part.length).toBeLessThanOrEqual(MAX_QUANTITIES);
        // A string's and an array's heads grow by a byte or two.
        expect(bytesOf(part) - NONE_BYTES).toBeLessThanOrEqual(800 + 4);
        const [next] = parts[i + 1] ?? [];
        const isFull = part.length === MAX_QUANTITIES;
        // 68 bytes are the most that one may take.
        if (next !== undefined && !isFull) expect(part.length).toBeGreaterThanOrEqual(Math.floor(800 / 68));
      }
    }),
  );
});

test("the longest are counted by the byte", () => {
  const name = "a".repeat(32);
  const longest = { name, exponent: -12, min: -MOST, mean: MOST, max: MOST, count: 2 ** 32 - 1 };
  const parts = split(new Array(22).fill(longest));
  expect(parts.map(({ length }) => length)).toEqual([11, 11]);
  expect(bytesOf(new Array(12).fill(longest)) - NONE_BYTES).toBeGreaterThan(800);
});

test("as many as a packet may have share one, where their names are short", () => {
  const one = { name: "a", exponent: 0, min: 0, mean: 0, max: 0, count: 1 };
  const lengths = (count: number) => split(new Array(count).fill(one)).map(({ length }) => length);
  expect(lengths(MAX_QUANTITIES)).toEqual([MAX_QUANTITIES]);
  expect(lengths(MAX_QUANTITIES + 1)).toEqual([MAX_QUANTITIES, 1]);
});

test("800 bytes fit into one, a byte more does not", () => {
  const quantity = (nameBytes: number) => ({
    ...{ name: "a".repeat(nameBytes), exponent: 0, min: 0, mean: 0, max: 0, count: 1 },
  });
  // 36 bytes and the name: 14 of 57 bytes are 798.
  const most = Array.from({ length: 14 }, () => quantity(21));
  expect(split([...most.slice(2), quantity(22), quantity(22)])).toHaveLength(1);
  expect(split([...most.slice(3), quantity(22), quantity(22), quantity(22)])).toHaveLength(2);
});
