import { expect, test } from "bun:test";
import fc from "fast-check";
import { FrameGuard } from "./frame-guard.ts";

function frame(bodyLength: number): Uint8Array {
  const length: number[] = [];
  let rest = bodyLength;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Uint8Array.from([0x30, ...length, ...new Uint8Array(bodyLength).fill(0xff)]);
}

test("frames up to the limit pass in any chunking, a longer one is refused at its header", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 50 }), (bodies, chunkLength) => {
      const guard = new FrameGuard(300);
      const bytes = Uint8Array.from(bodies.flatMap((length) => [...frame(length)]));
      for (let at = 0; at < bytes.length; at += chunkLength) {
        expect(guard.accepts(bytes.subarray(at, at + chunkLength))).toBe(true);
      }
      expect(guard.accepts(frame(301).subarray(0, 3))).toBe(false);
    }),
  );
});

test("a length of five bytes is malformed", () => {
  expect(new FrameGuard(1000).accepts(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80))).toBe(false);
});
