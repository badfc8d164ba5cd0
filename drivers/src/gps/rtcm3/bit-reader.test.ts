import { expect, test } from "bun:test";
import fc from "fast-check";
import { BitReader } from "./bit-reader.ts";
import { BitWriter } from "./test-writer.ts";

test("fields are read most significant bit first", () => {
  const bits = new BitReader(Uint8Array.of(0b1010_0101, 0b1100_0011));
  expect([bits.unsigned(3), bits.signed(2), bits.flag(), bits.mask(4), bits.left]).toEqual([
    5,
    0,
    true,
    [2, 3, 4],
    6,
  ]);
});

test("numbers of any width come back, negative ones too", () => {
  const field = fc.integer({ min: 1, max: 53 }).chain((width) => {
    const half = 2 ** (width - 1);
    return fc.record({ width: fc.constant(width), value: fc.maxSafeInteger().map((n) => n % half) });
  });
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const writer = new BitWriter();
      for (const { value, width } of fields) writer.put(value, width);
      const bits = new BitReader(writer.bytes());
      expect(fields.map(({ width }) => bits.signed(width) + 0)).toEqual(fields.map(({ value }) => value + 0));
      expect(bits.truncated).toBe(false);
    }),
  );
});

test("reading behind the end gives zeros and says so", () => {
  const bits = new BitReader(Uint8Array.of(0xff));
  expect([bits.unsigned(4), bits.truncated]).toEqual([15, false]);
  expect([bits.unsigned(5), bits.truncated, bits.left]).toEqual([0, true, 0]);
  expect([bits.signed(38), bits.flag(), bits.mask(2)]).toEqual([0, false, []]);
});

test("skipping behind the end says so", () => {
  const bits = new BitReader(Uint8Array.of(0xff));
  bits.skip(8);
  expect(bits.truncated).toBe(false);
  bits.skip(1);
  expect(bits.truncated).toBe(true);
});
