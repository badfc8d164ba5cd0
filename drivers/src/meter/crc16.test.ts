import { expect, test } from "bun:test";
import fc from "fast-check";
import { crc16, hasGoodCrc16, withCrc16 } from "./crc16.ts";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** Frames from manuals: Eastron SDM120, Peacefair PZEM-016, and the check value of the CRC catalogue. */
test.each([
  ["01 04 00 00 00 02", "71 cb"],
  ["01 04 04 43 66 33 34", "1b 38"],
  ["01 04 00 00 00 0a", "70 0d"],
  ["02 07", "41 12"],
])("%s is followed by %s", (data, crc) => {
  expect(withCrc16(bytes(data))).toEqual(bytes(`${data} ${crc}`));
  expect(hasGoodCrc16(bytes(`${data} ${crc}`))).toBe(true);
});

test("check value", () => expect(crc16(new TextEncoder().encode("123456789"))).toBe(0x4b37));

test("a flipped bit is noticed", () =>
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 250 }), fc.nat(), (data, at) => {
      const frame = withCrc16(data);
      const bit = at % (8 * frame.length);
      const flipped = frame.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(hasGoodCrc16(flipped)).toBe(false);
    }),
  ));
