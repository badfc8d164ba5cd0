import { expect, test } from "bun:test";
import fc from "fast-check";
import { crc24q } from "./crc24q.ts";

test("the check value of the published catalogue", () => {
  // CRC RevEng catalogue: CRC-24/LTE-A has this polynomial, initial value and bit order.
  expect(crc24q(new TextEncoder().encode("123456789"))).toBe(0xcde703);
});

test("nothing has the checksum 0", () => expect(crc24q(new Uint8Array())).toBe(0));

test("with its own checksum behind it is 0, and one flipped bit is noticed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 1026 }), fc.nat(), (bytes, at) => {
      const crc = crc24q(bytes);
      const framed = Uint8Array.from([...bytes, crc >> 16, (crc >> 8) & 0xff, crc & 0xff]);
      expect(crc24q(framed)).toBe(0);
      const bit = at % (framed.length * 8);
      framed[bit >> 3] = (framed[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      expect(crc24q(framed)).not.toBe(0);
    }),
  );
});
