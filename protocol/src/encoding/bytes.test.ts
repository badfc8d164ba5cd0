import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compareBytes, concatBytes, equalBytes, fromHex, readU32, u32, utf8 } from "./bytes.ts";

describe("hex", () => {
  test("round trip, with and without 0x, in either case", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const hex = bytes.toHex();
        expect(hex).toBe(Buffer.from(bytes).toString("hex"));
        for (const text of [hex, `0x${hex}`, hex.toUpperCase()]) expect(fromHex(text)).toEqual(bytes);
      }),
    );
  });

  test.each(["0", "0x0", "zz", "0X00", " 00", "00 ", "0x0x00", "+1", "é0"])("%p is not hex", (text) => {
    expect(fromHex(text)).toBeUndefined();
  });
});

test("concatenation is that of Buffer", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (parts) => {
      expect(concatBytes(...parts)).toEqual(new Uint8Array(Buffer.concat(parts)));
    }),
  );
});

test("order and equality are those of Buffer", () => {
  const short = fc.uint8Array({ maxLength: 4, max: 2 });
  fc.assert(
    fc.property(short, short, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
      expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
    }),
  );
});

test("32-bit numbers are written most significant byte first and read at any offset of a view", () => {
  expect(u32(0x0102_0304).toHex()).toBe("01020304");
  fc.assert(
    fc.property(fc.nat({ max: 0xffff_ffff }), fc.uint8Array({ maxLength: 5 }), (value, before) => {
      const view = concatBytes(Uint8Array.of(9), before, u32(value)).subarray(1);
      expect(readU32(view, before.length)).toBe(value);
    }),
  );
});

test("text is UTF-8", () => expect(utf8("ü水").toHex()).toBe("c3bce6b0b4"));
