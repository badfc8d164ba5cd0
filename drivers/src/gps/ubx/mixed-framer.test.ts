import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bytesOf, sentence } from "../../../test/nmea-text.ts";
import { frame as rtcmFrame } from "../rtcm3/test-writer.ts";
import { MixedFramer, type StreamPiece } from "./mixed-framer.ts";
import { concat } from "./test-receiver.ts";
import { encodeUbxFrame } from "./ubx-frame.ts";

const MAX_PAYLOAD = 1024;
const MAX_HELD = MAX_PAYLOAD + 8;

const byte = fc.integer({ min: 0, max: 255 });
const frame = fc
  .record({ messageClass: byte, id: byte, payload: fc.uint8Array({ maxLength: 100 }) })
  .map(encodeUbxFrame);
/** Sync bytes come often, so that false frames begin. */
const garbage = fc
  .array(fc.oneof(byte, fc.constantFrom(0xb5, 0x62, 0xd3, 0, 1, 0x24)), { maxLength: 60 })
  .map((bytes) => Uint8Array.from(bytes));
/** RTCM 1230 of a ZED-F9T, from a recording of gpsd's. */
const RTCM = Uint8Array.fromHex("d300084ce0008a00000000a8f72a");
const NMEA = bytesOf(sentence("GNTXT,01,01,02,ANTSTATUS=OK"));

const isFrame = (piece: StreamPiece) => piece.kind === "ubx";
const framesIn = (pieces: StreamPiece[]) =>
  pieces.flatMap((piece) => (piece.kind === "ubx" ? [encodeUbxFrame(piece.frame).toHex()] : []));

function run(chunks: readonly Uint8Array[]): StreamPiece[] {
  const framer = new MixedFramer(MAX_PAYLOAD);
  return [...chunks.flatMap((chunk) => framer.push(chunk)), ...framer.flush()];
}

/** `bytes` cut at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe("UBX, NMEA and RTCM 3 in one stream", () => {
  test("each comes out as what it is, in order", () => {
    const ubx = Uint8Array.fromHex("b5620a0400000e34");
    expect(run([concat([NMEA, ubx, RTCM, ubx, NMEA])])).toEqual([
      { kind: "other", bytes: NMEA },
      { kind: "ubx", frame: { messageClass: 0x0a, id: 0x04, payload: new Uint8Array(0) } },
      { kind: "rtcm" },
      { kind: "ubx", frame: { messageClass: 0x0a, id: 0x04, payload: new Uint8Array(0) } },
      { kind: "other", bytes: NMEA },
    ]);
  });

  test("what is not a frame is handed on whole, wherever the pieces end", () => {
    const stream = fc.array(fc.oneof(frame, garbage, fc.constant(RTCM), fc.constant(NMEA)), { maxLength: 8 });
    const run2 = (chunks: Uint8Array[]) => {
      const pieces = run(chunks);
      const other = pieces.flatMap((piece) => (piece.kind === "other" ? [...piece.bytes] : []));
      return { frames: framesIn(pieces), rtcm: pieces.filter(({ kind }) => kind === "rtcm").length, other };
    };
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (parts, places) => {
        const bytes = concat(parts);
        expect(run2(cut(bytes, places))).toEqual(run2([bytes]));
      }),
    );
  });

  test("good frames are found behind any garbage", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(garbage, frame), { maxLength: 6 }), (parts) => {
        const expected = parts.map(([, good]) => good.toHex());
        expect(framesIn(run([concat(parts.flat())]))).toEqual(expected);
      }),
    );
  });

  test("a frame that was cut off costs no other", () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.array(frame, { minLength: 1, maxLength: 4 }), (first, at, rest) => {
        const stream = concat([first.subarray(0, at % first.length), ...rest]);
        // What follows may complete it, to the frame that it was or to another: a checksum of two bytes is met by chance.
        fc.pre(!beginsWithFrame(stream));
        expect(framesIn(run([stream]))).toEqual(rest.map((good) => good.toHex()));
      }),
    );
  });

  /** Made again from what its header says, it is what stands there. */
  function beginsWithFrame(stream: Uint8Array): boolean {
    const [, , messageClass = 0, id = 0, low = 0, high = 0] = stream;
    const payload = stream.subarray(6, 6 + low + 256 * high);
    const again = encodeUbxFrame({ messageClass, id, payload });
    return stream.toHex().startsWith(again.toHex());
  }

  test("a frame with any one bit wrong is refused and counted", () => {
    fc.assert(
      fc.property(frame, fc.nat(), (good, at) => {
        const place = 16 + (at % (8 * good.length - 16));
        const bad = good.slice();
        bad[place >> 3] = (bad[place >> 3] ?? 0) ^ (1 << (place & 7));
        expect(run([bad]).filter(isFrame).length).toBe(0);
      }),
    );
  });

  test("never holds more than one frame", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(frame, garbage), { maxLength: 30 }), (chunks) => {
        const framer = new MixedFramer(MAX_PAYLOAD);
        for (const chunk of chunks) {
          framer.push(chunk);
          expect(framer.heldBytes).toBeLessThanOrEqual(MAX_HELD);
        }
        framer.flush();
        expect(framer.heldBytes).toBe(0);
      }),
    );
  });

  test.each([
    ["UBX: its first byte", "b5", 1],
    ["UBX: another second byte", "b524", 0],
    ["UBX: the longest payload", "b56201350004", 6],
    ["UBX: one byte more", "b56201350104", 0],
    ["UBX: whole but for a byte", "b5620a0400000e", 7],
    ["RTCM: its first byte", "d3", 1],
    ["RTCM: a length of two bits more", "d303", 2],
    ["RTCM: a reserved bit", "d304", 0],
    ["RTCM: the longest message", "d303ff", 3],
    ["RTCM: whole but for a byte", "d300084ce0008a00000000a8f7", 13],
    ["RTCM: whole", "d300084ce0008a00000000a8f72a", 0],
  ])("is held only as long as it may become a frame. %s", (_, hex, held) => {
    const framer = new MixedFramer(MAX_PAYLOAD);
    framer.push(Uint8Array.fromHex(hex));
    expect(framer.heldBytes).toBe(held);
  });

  test("a length over the cap, and a wrong checksum, are counted once each", () => {
    const framer = new MixedFramer(MAX_PAYLOAD);
    framer.push(Uint8Array.fromHex("b56201350104"));
    expect(framer.badFrames).toBe(1);
    framer.push(Uint8Array.fromHex("b5620a0400000e35b5620a0400000e34"));
    expect(framer.badFrames).toBe(2);
  });

  test("the longest UBX and RTCM frames pass, also where the buffer is no longer than they are", () => {
    const ubx = encodeUbxFrame({
      messageClass: 1,
      id: 0x35,
      payload: new Uint8Array(MAX_PAYLOAD).fill(0xb5),
    });
    const rtcm = rtcmFrame(new Uint8Array(1023).fill(0xd3));
    const kinds = run([concat([rtcm, ubx, rtcm, ubx])]).map(({ kind }) => kind);
    expect(kinds).toEqual(["rtcm", "ubx", "rtcm", "ubx"]);
  });

  test("a cap that is no sensible size is named", () => {
    for (const size of [1023, 1024.5, 65_536]) {
      expect(() => new MixedFramer(size)).toThrow(`Longest UBX payload is ${size}`);
    }
    expect(new MixedFramer(1024).heldBytes + new MixedFramer(65_535).heldBytes).toBe(0);
  });
});
