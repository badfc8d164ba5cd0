import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts";

const h = (hex: string) => Uint8Array.fromHex(hex);

/** RFC 8949 Appendix A: all integers, strings and arrays of definite length, and null. */
const APPENDIX_A: [string, CborValue][] = [
  ["00", 0],
  ["01", 1],
  ["0a", 10],
  ["17", 23],
  ["1818", 24],
  ["1819", 25],
  ["1864", 100],
  ["1903e8", 1000],
  ["1a000f4240", 1_000_000],
  ["1b000000e8d4a51000", 1_000_000_000_000],
  ["1bffffffffffffffff", 18_446_744_073_709_551_615n],
  ["20", -1],
  ["29", -10],
  ["3863", -100],
  ["3903e7", -1000],
  ["f6", null],
  ["40", h("")],
  ["4401020304", h("01020304")],
  ["60", ""],
  ["6161", "a"],
  ["6449455446", "IETF"],
  ["62225c", '"\\'],
  ["62c3bc", "ü"],
  ["63e6b0b4", "水"],
  ["64f0908591", "\u{10151}"],
  ["80", []],
  ["83010203", [1, 2, 3]],
  ["8301820203820405", [1, [2, 3], [4, 5]]],
  ["98190102030405060708090a0b0c0d0e0f101112131415161718181819", Array.from({ length: 25 }, (_, i) => i + 1)],
];

describe("RFC 8949 Appendix A", () => {
  test.each(APPENDIX_A)("%s is read and written", (hex, value) => {
    expect(decodeCbor(h(hex))).toEqual({ ok: true, value });
    expect(encodeCbor(value).toHex()).toBe(hex);
  });

  test.each([
    "a201020304",
    "c11a514b67b0",
    "f93c00",
    "fb3ff199999999999a",
    "f4",
    "f7",
    "f8ff",
    "3bffffffffffffffff",
  ])("%s, which is none of our types, is refused wherever it stands", (hex) => {
    for (const bytes of [h(hex), h(`8201${hex}`)]) {
      expect(decodeCbor(bytes)).toEqual({ ok: false, code: "wrong_type" });
    }
  });
});

test("integers on both sides of every limit keep their value and their shortest form", () => {
  const cases: [CborValue, string][] = [
    [2 ** 32 - 1, "1affffffff"],
    [2 ** 32, "1b0000000100000000"],
    [-(2 ** 32), "3affffffff"],
    [-(2 ** 32) - 1, "3b0000000100000000"],
    [2 ** 53 - 1, "1b001fffffffffffff"],
    [2n ** 53n, "1b0020000000000000"],
    [2n ** 53n + 1n, "1b0020000000000001"],
    [-(2 ** 53 - 1), "3b001ffffffffffffe"],
    [-(2n ** 53n), "3b001fffffffffffff"],
    [-(2n ** 53n) - 1n, "3b0020000000000000"],
  ];
  for (const [value, hex] of cases) {
    expect(encodeCbor(value).toHex()).toBe(hex);
    expect(decodeCbor(h(hex))).toEqual({ ok: true, value });
  }
  expect(encodeCbor(23n).toHex()).toBe("17");
  expect(encodeCbor(-0).toHex()).toBe("00");
});

test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2n ** 64n, -(2n ** 63n) - 1n, "\ud800"])(
  "%p is not written",
  (value) => {
    expect(() => encodeCbor([value])).toThrow(RangeError);
  },
);

const value: fc.Arbitrary<CborValue> = fc.letrec<{ item: CborValue }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 4, depthSize: "medium" },
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 300 }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.constant(null),
    fc.array(tie("item"), { maxLength: 30 }),
    fc
      .array(fc.tuple(fc.string({ unit: "grapheme", maxLength: 30 }), tie("item")), { maxLength: 30 })
      .map((entries) => new Map(entries)),
  ),
})).item;

/** Bigints that numbers can hold exactly come back as numbers. */
function normal(item: CborValue): CborValue {
  if (typeof item === "bigint") return Number.isSafeInteger(Number(item)) ? Number(item) : item;
  if (item instanceof Map) return new Map([...item].map(([key, child]) => [key, normal(child)]));
  return Array.isArray(item) ? item.map(normal) : item;
}

describe("properties", () => {
  test("what is written is read again", () => {
    fc.assert(
      fc.property(value, (item) => {
        expect(decodeCbor(encodeCbor(item))).toEqual({ ok: true, value: normal(item) });
      }),
    );
  });

  test("random bytes never throw, and what is read of our types writes to the same bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const decoded = decodeCbor(bytes);
        if (decoded.ok) expect(encodeCbor(decoded.value)).toEqual(bytes);
      }),
      { numRuns: 20_000 },
    );
  });

  test("a changed byte is refused or reads as another value, never as the same one", () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.integer({ min: 1, max: 255 }), (item, position, mask) => {
        const bytes = encodeCbor(item);
        const at = position % bytes.length;
        bytes[at] = (bytes[at] as number) ^ mask;
        const decoded = decodeCbor(bytes);
        if (decoded.ok) expect(encodeCbor(decoded.value)).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test("every prefix of an item is truncated", () => {
    fc.assert(
      fc.property(value, fc.nat(), (item, length) => {
        const bytes = encodeCbor(item);
        const prefix = bytes.subarray(0, length % bytes.length);
        expect(decodeCbor(prefix)).toEqual({ ok: false, code: "truncated" });
      }),
    );
  });
});
