import { expect, test } from "bun:test";
import fc from "fast-check";
import { FrameReader } from "./frame-reader.ts";

const KEPT_BYTES = 300;

function frame(bodyLength: number, fill: number): Uint8Array {
  const length: number[] = [];
  let rest = bodyLength;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Uint8Array.from([0x30, ...length, ...new Uint8Array(bodyLength).fill(fill)]);
}

test("any chunking gives the same packets; of those that are too large it gives the beginning", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 20 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 700 }), (bodies, chunkLength) => {
      const frames = bodies.map((length, i) => frame(length, i));
      const bytes = Buffer.concat(frames);
      const reader = new FrameReader(KEPT_BYTES, "cut");
      const read: { bytes: string; isCut: boolean }[] = [];
      for (let at = 0; at < bytes.length; at += chunkLength) {
        reader.push(bytes.subarray(at, at + chunkLength));
        for (let next = reader.next(); next !== undefined; next = reader.next()) {
          read.push({ bytes: next.bytes.toHex(), isCut: next.isCut });
        }
        reader.compact();
        expect(reader.heldBytes).toBeLessThan(KEPT_BYTES);
      }
      expect(read).toEqual(
        frames.map((one) => ({
          bytes: one.subarray(0, KEPT_BYTES).toHex(),
          isCut: one.length > KEPT_BYTES,
        })),
      );
    }),
  );
});

test("where larger packets are refused, their announcement is enough", () => {
  const reader = new FrameReader(KEPT_BYTES, "refuse");
  reader.push(Buffer.from(frame(KEPT_BYTES - 3, 1)));
  expect(reader.next()?.bytes.length).toBe(KEPT_BYTES);
  reader.push(Buffer.from(frame(KEPT_BYTES - 2, 1).subarray(0, 3)));
  expect(() => reader.next()).toThrow("too large");
});

test("a length of five bytes is malformed", () => {
  const reader = new FrameReader(KEPT_BYTES, "cut");
  reader.push(Buffer.of(0x30, 0x80, 0x80, 0x80, 0x80));
  expect(() => reader.next()).toThrow("malformed");
});
