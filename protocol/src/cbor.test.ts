import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CborTag, type CborValue, decodeCbor, encodeCbor } from "./cbor.ts";

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

  test("maps and tags are read, for envelopes that are to be explained", () => {
    const map = new Map<unknown, unknown>([
      ["a", 1],
      ["b", [2, 3]],
    ]);
    expect(decodeCbor(h("a26161016162820203"))).toEqual({ ok: true, value: map });
    const tagged = decodeCbor(h("d28401020304"));
    expect(tagged.ok && tagged.value instanceof CborTag && tagged.value.tag).toBe(18);
  });

  const unused = [
    "f90000",
    "f93c00",
    "fa47c35000",
    "fb3ff199999999999a",
    "f97e00",
    "f4",
    "f5",
    "f7",
    "f0",
    "f8ff",
  ];
  test.each(unused)("%s, a float or simple value, is no number", (hex) => {
    const decoded = decodeCbor(h(hex));
    if (decoded.ok) expect(typeof decoded.value).not.toBe("number");
  });

  const indefinite = [
    "5f42010243030405ff",
    "7f657374726561646d696e67ff",
    "9fff",
    "9f018202039f0405ffff",
    "bf61610161629f0203ffff",
  ];
  test.each(indefinite)("%s has an indefinite length", (hex) => {
    expect(decodeCbor(h(hex)).ok).toBe(false);
  });
});

describe("refusals", () => {
  const cases: [string, string, string][] = [
    ["truncated", "nothing", ""],
    ["truncated", "head of two bytes", "18"],
    ["truncated", "head of nine bytes", "1b00000001000000"],
    ["truncated", "byte string", "4201"],
    ["malformed", "byte string of 2^64-1 bytes", "5bffffffffffffffff00"],
    ["truncated", "text", "62c3"],
    ["truncated", "array", "8201"],
    ["malformed", "array of 2^32 items", "9b000000010000000000"],
    ["truncated", "map", "a101"],
    ["truncated", "tag", "d2"],
    ["truncated", "float", "fb3ff1"],
    ["trailing_bytes", "an item more", "0000"],
    ["trailing_bytes", "after an array", "8000"],
    ["malformed", "reserved additional information 28", "1c"],
    ["malformed", "reserved additional information 30", "7e"],
    ["malformed", "indefinite integer", "1f"],
    ["malformed", "indefinite tag", "df00"],
    ["non_canonical", "break without beginning", "ff"],
    ["malformed", "simple value 31 in two bytes", "f81f"],
    ["non_canonical", "bad UTF-8: lone continuation", "6180"],
    ["non_canonical", "bad UTF-8: overlong slash", "62c0af"],
    ["non_canonical", "bad UTF-8: surrogate", "63eda080"],
    ["non_canonical", "23 in two bytes", "1817"],
    ["non_canonical", "255 in three bytes", "1900ff"],
    ["non_canonical", "65535 in five bytes", "1a0000ffff"],
    ["non_canonical", "2^32-1 in nine bytes", "1b00000000ffffffff"],
    ["non_canonical", "23 in nine bytes", "1b0000000000000017"],
    ["non_canonical", "-1 in nine bytes", "3b0000000000000000"],
    ["non_canonical", "length of a byte string", "580102"],
    ["non_canonical", "length of a text", "78016a"],
    ["non_canonical", "length of an array", "980100"],
    ["non_canonical", "tag number", "d81200"],
    ["non_canonical", "map with a key twice", "a201000101"],
  ];
  test.each(cases)("%s: %s", (code, _what, hex) => {
    expect(decodeCbor(h(hex))).toEqual({ ok: false, code: code as never });
  });

  test("sixty thousand arrays in each other do not throw", () => {
    expect(() => decodeCbor(h(`${"81".repeat(60_000)}00`))).not.toThrow();
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
  ),
})).item;

/** Bigints that numbers can hold exactly come back as numbers. */
function normal(item: CborValue): CborValue {
  if (typeof item === "bigint") return Number.isSafeInteger(Number(item)) ? Number(item) : item;
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
        if (decoded.ok && isOurs(decoded.value)) expect(encodeCbor(decoded.value)).toEqual(bytes);
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
        if (decoded.ok && isOurs(decoded.value)) expect(encodeCbor(decoded.value)).toEqual(bytes);
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

function isOurs(item: unknown): item is CborValue {
  if (Array.isArray(item)) return item.every(isOurs);
  return item === null || ["number", "bigint", "string"].includes(typeof item) || item instanceof Uint8Array;
}
