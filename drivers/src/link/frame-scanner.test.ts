import { expect, test } from "bun:test";
import fc from "fast-check";
import { BAD_FRAME, type FrameFormat, FrameScanner, INCOMPLETE, NO_FRAME } from "./frame-scanner.ts";

/** 0x55, length 1 to 8, as many bytes, their sum. */
const format: FrameFormat = {
  maxBytes: 11,
  measure([start, length, ...rest]) {
    if (start !== 0x55) return NO_FRAME;
    if (length === undefined) return INCOMPLETE;
    if (length < 1 || length > 8) return NO_FRAME;
    if (rest.length < length + 1) return INCOMPLETE;
    const sum = rest.slice(0, length).reduce((a, b) => (a + b) & 255, 0);
    return sum === rest[length] ? length + 3 : BAD_FRAME;
  },
};

const frameOf = (body: Uint8Array) =>
  Uint8Array.of(
    0x55,
    body.length,
    ...body,
    body.reduce((a, b) => (a + b) & 255, 0),
  );
const bodies = fc.uint8Array({ minLength: 1, maxLength: 8 });
const noise = fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.filter((byte) => byte !== 0x55));

function scan(pieces: readonly Uint8Array[]) {
  const scanner = new FrameScanner(format);
  const frames = pieces.flatMap((piece) => scanner.push(piece));
  return { frames: frames.map((frame) => frame.toHex()), scanner };
}

const inPieces = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

test("every good frame is found, whatever lies between and however it is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(noise, bodies), { maxLength: 8 }),
      fc.integer({ min: 1, max: 40 }),
      (parts, size) => {
        const stream = Uint8Array.from(parts.flatMap(([junk, body]) => [...junk, ...frameOf(body)]));
        const { frames, scanner } = scan(inPieces(stream, size));
        expect(frames).toEqual(parts.map(([, body]) => frameOf(body).toHex()));
        const junkBytes = parts.reduce((sum, [junk]) => sum + junk.length, 0);
        expect([scanner.garbageBytes, scanner.badFrames]).toEqual([junkBytes, 0]);
      },
    ),
  );
});

test("of any bytes no more is held than a frame, and every byte is accounted for", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (bytes, size) => {
      const { frames, scanner } = scan(inPieces(bytes, size));
      const taken = frames.reduce((sum, frame) => sum + frame.length / 2, 0);
      expect(scanner.heldBytes).toBeLessThan(format.maxBytes);
      expect(taken + scanner.garbageBytes + scanner.heldBytes).toBe(bytes.length);
    }),
  );
});

test("a frame inside a damaged one is found", () => {
  const inner = frameOf(Uint8Array.of(1, 2));
  const { frames, scanner } = scan([Uint8Array.of(0x55, 6, ...inner, 9, 9)]);
  expect(frames).toEqual([inner.toHex()]);
  expect(scanner.badFrames).toBe(1);
});
