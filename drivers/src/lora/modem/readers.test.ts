import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ModemEvent, ModemReader } from "./dialect.ts";
import { createRakReader } from "./rak3172.ts";
import { createRnReader } from "./rn2483.ts";
import { RylrReader } from "./rylr-reader.ts";
import { beaconBytes, MODEMS, textBytes } from "./test-bench.ts";

const READERS: [keyof typeof MODEMS, () => ModemReader][] = [
  ["RAK3172", createRakReader],
  ["RN2483", createRnReader],
  ["RYLR998", () => new RylrReader()],
];

const framesOf = (events: ModemEvent[]) => events.flatMap((event) => (event.kind === "frame" ? [event] : []));

function readAll(reader: ModemReader, bytes: Uint8Array, pieceBytes: number): ModemEvent[] {
  const events: ModemEvent[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    events.push(...reader.push(bytes.subarray(at, at + pieceBytes)));
  }
  return events;
}

describe.each(READERS)("%s reader", (name, create) => {
  const { frame } = MODEMS[name];
  const pieces = fc.integer({ min: 1, max: 700 });

  test("pieces do not matter", () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), pieces, (junk, pieceBytes) => {
        const bytes = Uint8Array.from([...junk, 10, ...textBytes(frame(1) + frame(2))]);
        const split = framesOf(readAll(create(), bytes, pieceBytes));
        expect(split).toEqual(framesOf(readAll(create(), bytes, bytes.length)));
      }),
    ));

  test("any bytes: nothing is thrown, and after them the next frames come out", () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), pieces, (junk, pieceBytes) => {
        const reader = create();
        readAll(reader, junk, pieceBytes);
        const good = Array.from({ length: 8 }, (_, at) => frame(at)).join("");
        const heard = framesOf(readAll(reader, textBytes(`\r\n${good}`), pieceBytes));
        expect(heard.at(-1)?.bytes).toEqual(beaconBytes(7));
        expect(reader.garbageBytes).toBeLessThanOrEqual(junk.length + good.length + 2);
      }),
    ));

  test("text like its own, broken anywhere, costs at most the frames around it", () =>
    fc.assert(
      fc.property(
        fc.nat(frame(3).length - 1),
        fc.integer({ min: 0, max: 255 }),
        pieces,
        (at, byte, pieceBytes) => {
          const broken = textBytes(frame(3));
          broken[at] = byte;
          const cut = textBytes(frame(4)).subarray(0, at);
          const bytes = Uint8Array.from([
            ...textBytes(frame(1)),
            ...broken,
            ...cut,
            ...textBytes(`\r\n${frame(5)}${frame(6)}`),
          ]);
          const heard = framesOf(readAll(create(), bytes, pieceBytes)).map(({ bytes: reported }) =>
            reported.toHex(),
          );
          expect(heard[0]).toBe(beaconBytes(1).toHex());
          expect(heard.at(-1)).toBe(beaconBytes(6).toHex());
        },
      ),
    ));
});

test("a RYLR998 frame has at most 240 bytes of data", () => {
  const events = (length: number) =>
    new RylrReader()
      .push(textBytes(`+RCV=50,${length},${"a".repeat(length)},-99,11\r\n`))
      .map(({ kind }) => kind);
  expect(events(240)).toEqual(["frame"]);
  expect(events(241)[0]).toBe("damaged");
});
