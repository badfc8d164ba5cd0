import { expect, test } from "bun:test";
import { decodeCbor } from "@earshot/protocol";
import fc from "fast-check";
import { readByteStrings, readPackets, writeByteStrings, writePackets } from "./cbor-sequences.ts";

const content = fc.oneof(
  fc.uint8Array({ minLength: 24, maxLength: 300 }),
  fc.constantFrom(255, 256, 65_535).map((length) => new Uint8Array(length)),
);
const packet = fc.record({
  receivedAtMs: fc.integer({ min: 2 ** 32, max: Number.MAX_SAFE_INTEGER }),
  bytes: content,
});

test("what is written is read, and a general CBOR decoder reads the same", () => {
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 5 }), (packets) => {
      const read = readPackets(writePackets(packets));
      expect(read).toEqual({ ok: true, items: packets });
      for (const one of packets) {
        const decoded = decodeCbor(writePackets([one]));
        const [ms, bytes] = decoded.ok ? (decoded.value as [number | bigint, Uint8Array]) : [];
        expect([Number(ms), bytes]).toEqual([one.receivedAtMs, one.bytes]);
      }
    }),
  );
});

test("a sequence of byte strings reads as it was written", () => {
  fc.assert(
    fc.property(fc.array(content, { maxLength: 5 }), (strings) => {
      expect(readByteStrings(writeByteStrings(strings))).toEqual({ ok: true, items: strings });
    }),
  );
});

test("random bytes are read or refused, and what is read is written to the same bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const strings = readByteStrings(bytes);
      if (strings.ok) expect(writeByteStrings(strings.items)).toEqual(bytes);
      const packets = readPackets(bytes);
      if (packets.ok) expect(writePackets(packets.items)).toEqual(bytes);
    }),
  );
});

test("a refusal names the item and where it starts", () => {
  const [one, two] = [new Uint8Array(30), new Uint8Array(300)];
  const bytes = writeByteStrings([one, two]);
  for (let length = 33; length < bytes.length; length++) {
    expect(readByteStrings(bytes.subarray(0, length))).toEqual({ ok: false, item: 1, offset: 32 });
  }
});

test("a length in a longer form than needed is refused", () => {
  const long = Uint8Array.of(0x59, 0, 30, ...new Uint8Array(30));
  expect(readByteStrings(long)).toEqual({ ok: false, item: 0, offset: 0 });
});

test("what no bundle holds cannot be written", () => {
  expect(() => writeByteStrings([new Uint8Array(23)])).toThrow("24 to 65535");
  expect(() => writePackets([{ receivedAtMs: 1.5, bytes: new Uint8Array(30) }])).toThrow(
    "Receive time is 1.5",
  );
});
