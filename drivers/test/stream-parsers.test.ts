import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { STREAM_PARSERS, type StreamParser, UNDATED } from "./stream-parsers.ts";

const FRAMES = 60;
/** A line that broke off ends here; to binary frames it is one stray byte. */
const LINE_END = Uint8Array.of(0x0d, 0x0a);

/** What stands between good frames: anything, or a good frame cut off at either end. */
function disturbance({ good }: StreamParser): fc.Arbitrary<Uint8Array> {
  const index = fc.nat(FRAMES - 1);
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const cut = fc.tuple(index, share).map(([i, at]) => good(i).subarray(0, Math.floor(at * good(i).length)));
  const tail = fc.tuple(index, share).map(([i, at]) => good(i).subarray(1 + Math.floor(at * good(i).length)));
  return fc.oneof(fc.uint8Array({ maxLength: 80 }), cut, tail, fc.constant(new Uint8Array()));
}

const join = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Pushed in pieces of these sizes, over and over; all that came out. */
function run(parser: StreamParser, bytes: Uint8Array, sizes: readonly number[]) {
  const stream = parser.start();
  const reported: string[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    reported.push(...stream.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return { reported, garbageBytes: stream.garbageBytes };
}

/** Good frames until no false head can claim any more of them. */
function goodTail(parser: StreamParser): { bytes: Uint8Array; last: string[] } {
  const parts: Uint8Array[] = [];
  let [i, length] = [0, 0];
  for (; length < parser.resyncBytes || i < 6; i += 1) {
    const frame = parser.good(i % FRAMES);
    parts.push(frame);
    length += frame.length;
  }
  // An epoch is reported when the next one begins: the last may still be open.
  return { bytes: join([LINE_END, ...parts]), last: [i - 1, i - 2].map((at) => parser.name(at % FRAMES)) };
}

describe.each(Object.entries(STREAM_PARSERS))("%s", (_, parser) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 });
  const mess = fc.array(fc.tuple(disturbance(parser), fc.nat(FRAMES - 1)), { maxLength: 12 });
  const names = new Set([UNDATED, ...Array.from({ length: FRAMES }, (_unused, i) => parser.name(i))]);
  const tail = goodTail(parser);

  test("anything between frames, frames cut anywhere, any pieces: no throw, nothing invented, and it comes back", () =>
    fc.assert(
      fc.property(mess, sizes, (parts, pieceSizes) => {
        const before = join(parts.flatMap(([junk, i]) => [junk, LINE_END, parser.good(i)]));
        const { reported, garbageBytes } = run(parser, join([before, tail.bytes]), pieceSizes);
        expect(tail.last).toContain(reported.at(-1) ?? "nothing");
        if (parser.isChecked) expect(reported.filter((name) => !names.has(name))).toEqual([]);
        expect(garbageBytes).toBeLessThanOrEqual(before.length + tail.bytes.length);
      }),
      { numRuns: 150 },
    ));

  test("pieces do not matter, whatever comes", () =>
    fc.assert(
      fc.property(mess, sizes, (parts, pieceSizes) => {
        const bytes = join(parts.flatMap(([junk, i]) => [junk, parser.good(i)]));
        expect(run(parser, bytes, pieceSizes)).toEqual(run(parser, bytes, [Math.max(1, bytes.length)]));
      }),
      { numRuns: 100 },
    ));
});
