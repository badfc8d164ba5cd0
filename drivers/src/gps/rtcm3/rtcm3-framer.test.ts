import { expect, test } from "bun:test";
import fc from "fast-check";
import { bytesOf, sentence } from "../../../test/nmea-text.ts";
import { MAX_RTCM3_FRAME_BYTES, Rtcm3Framer } from "./rtcm3-framer.ts";
import { frame } from "./test-writer.ts";

const join = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Cuts where `cuts` say, taken modulo what is left. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  for (const cut of cuts) {
    found.push(bytes.subarray(at, at + (cut % 300)));
    at += cut % 300;
  }
  return [...found, bytes.subarray(at)];
}

/** By itself fast-check makes short ones; a length has two bytes. */
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 1023 }),
  fc.uint8Array({ minLength: 250, maxLength: 1023, size: "max" }),
);
const junk = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.array(fc.constantFrom(0xd3, 0x00, 0x03, 0xff), { maxLength: 40 }).map((bytes) => Uint8Array.from(bytes)),
  fc.constant(bytesOf(sentence("GPZDA,160012.71,11,03,2004,-1,00"))),
  fc.constant(Uint8Array.of(0xb5, 0x62, 0x01, 0x07, 0x02, 0x00, 0xd3, 0x00, 0xdd, 0x3a)),
);

test("the frame of the standard's example is found", () => {
  const example = Uint8Array.fromHex("D300133ED7D30202980EDEEF34B4BD62AC0941986F33360B98");
  const framer = new Rtcm3Framer();
  expect(framer.push(example)).toEqual([example.slice(3, -3)]);
  expect([framer.badFrames, framer.garbageBytes, framer.heldBytes]).toEqual([0, 0, 0]);
});

test("frames are found in any pieces, with anything between them", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(junk, payload), { maxLength: 6 }), fc.array(fc.nat()), (parts, cuts) => {
      const stream = join(parts.flatMap(([garbage, message]) => [garbage, frame(message)]));
      const framer = new Rtcm3Framer();
      const found = pieces(stream, cuts).flatMap((piece) => framer.push(piece));
      found.push(...framer.finish());
      expect(found).toEqual(parts.map(([, message]) => message));
      expect(framer.garbageBytes).toBe(parts.reduce((sum, [garbage]) => sum + garbage.length, 0));
    }),
  );
});

test("the shortest frame holds no message, and is found with its last byte", () => {
  const framer = new Rtcm3Framer();
  const empty = frame(new Uint8Array());
  expect(framer.push(empty.subarray(0, -1))).toEqual([]);
  expect(framer.push(empty.subarray(-1))).toEqual([new Uint8Array()]);
});

test("what stands behind a frame that a false preamble delayed is no frame without its own", () => {
  const framer = new Rtcm3Framer();
  const empty = frame(new Uint8Array());
  framer.push(join([Uint8Array.of(0xd3, 0x03), empty, new Uint8Array(6), empty]));
  expect(framer.finish()).toHaveLength(2);
  expect([framer.heldBytes, framer.garbageBytes]).toEqual([0, 8]);
});

test("one damaged frame costs no other", () => {
  fc.assert(
    fc.property(payload, payload, fc.nat(), fc.integer({ min: 1, max: 255 }), (first, second, at, flip) => {
      const damaged = frame(first);
      const index = at % damaged.length;
      damaged[index] = (damaged[index] ?? 0) ^ flip;
      const framer = new Rtcm3Framer();
      const found = [...framer.push(join([damaged, frame(second)])), ...framer.finish()];
      expect(found.at(-1)).toEqual(second);
      expect(framer.garbageBytes).toBeGreaterThan(0);
    }),
  );
});

test("any truncation is no frame, and no fault", () => {
  fc.assert(
    fc.property(payload, fc.nat(), (message, length) => {
      const whole = frame(message);
      const framer = new Rtcm3Framer();
      expect(framer.push(whole.subarray(0, length % whole.length))).toEqual([]);
      framer.finish();
      expect([framer.heldBytes, framer.garbageBytes]).toEqual([0, length % whole.length]);
    }),
  );
});

test("a set reserved bit is no header: it is let go at once", () => {
  const framer = new Rtcm3Framer();
  framer.push(Uint8Array.of(0xd3, 0x04));
  expect([framer.heldBytes, framer.badFrames, framer.garbageBytes]).toEqual([0, 0, 2]);
});

test("the longest message fills the buffer", () => {
  const longest = new Uint8Array(1023).fill(0xd3);
  expect(frame(longest)).toHaveLength(MAX_RTCM3_FRAME_BYTES);
  expect(new Rtcm3Framer().push(frame(longest))).toEqual([longest]);
});

test("a header whose frame is damaged or cut off counts as a bad frame; a preamble alone does not", () => {
  const framer = new Rtcm3Framer();
  framer.push(Uint8Array.of(0xd3));
  framer.finish();
  expect([framer.badFrames, framer.garbageBytes]).toEqual([0, 1]);
  framer.push(Uint8Array.of(0xd3, 0x00));
  framer.finish();
  expect([framer.badFrames, framer.garbageBytes]).toEqual([1, 3]);
  framer.push(Uint8Array.of(0xd3, 0x00, 0x00, 1, 2, 3));
  expect([framer.heldBytes, framer.badFrames, framer.garbageBytes]).toEqual([0, 2, 9]);
});

test("holds less than the longest frame, whatever comes", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(junk, fc.uint8Array({ maxLength: 3000 }))), (chunks) => {
      const framer = new Rtcm3Framer();
      let pushed = 0;
      for (const chunk of chunks) {
        const found = framer.push(chunk).reduce((sum, message) => sum + message.length + 6, 0);
        pushed += chunk.length - found;
        expect(framer.heldBytes).toBeLessThan(MAX_RTCM3_FRAME_BYTES);
        expect(framer.heldBytes + framer.garbageBytes).toBe(pushed);
      }
    }),
  );
});
