import { describe, expect, test } from "bun:test";
import { cdeDecodeOptions, decode } from "cbor2";
import fc from "fast-check";
import { CBOR_OTHER, CborTag, readCbor } from "./cbor-reader.ts";

const h = (hex: string) => Uint8Array.fromHex(hex);
const answer = (bytes: Uint8Array) => {
  const item = readCbor(bytes);
  return item.ok ? "ok" : item.code;
};

test("maps, tags and what is none of ours are read, for envelopes that are to be explained", () => {
  const read = (hex: string) => {
    const item = readCbor(h(hex));
    return item.ok ? [item.value, item.isPlain] : item.code;
  };
  expect(read("a2012704820203")).toEqual([
    new Map<unknown, unknown>([
      [1, -8],
      [4, [2, 3]],
    ]),
    false,
  ]);
  expect(read("d2820102")).toEqual([new CborTag(18, [1, 2]), false]);
  expect(read("83f501f93c00")).toEqual([[CBOR_OTHER, 1, CBOR_OTHER], false]);
  expect(read("83f60163e6b0b4")).toEqual([[null, 1, "水"], true]);
});

/** RFC 8949, appendix F: what is not well-formed, by kind. */
const NOT_WELL_FORMED: Record<string, ["truncated" | "malformed", string]> = {
  "end of input in a head": [
    "truncated",
    "18 19 1a 1b 1901 1a0102 1b01020304050607 38 58 78 98 9a01ff00 b8 d8 f8 f900 fa0000 fb000000",
  ],
  "definite strings with short data": [
    "truncated",
    "41 61 5affffffff00 5bffffffffffffffff010203 7affffffff00 7b7fffffffffffffff010203",
  ],
  "definite maps and arrays not closed": ["truncated", "81 818181818181818181 8200 a1 a20102 a100 a2000000"],
  "tag number not followed by content": ["truncated", "c0"],
  "indefinite strings not closed": ["truncated", "5f4100 7f6100"],
  "indefinite maps and arrays not closed": [
    "truncated",
    "9f 9f0102 bf bf01020102 819f 9f8000 9f9f9f9f9fffffffff 9f819f819f9fffffff",
  ],
  "reserved additional information": [
    "malformed",
    "1c 1d 1e 3c 3d 3e 5c 5d 5e 7c 7d 7e 9c 9d 9e bc bd be dc dd de fc fd fe",
  ],
  "reserved two-byte encodings of simple values": ["malformed", "f800 f801 f818 f81f"],
  "indefinite string chunks of another type": [
    "malformed",
    "5f00ff 5f21ff 5f6100ff 5f80ff 5fa0ff 5fc000ff 5fe0ff 7f4100ff",
  ],
  "indefinite strings in indefinite strings": ["malformed", "5f5f4100ffff 7f7f6100ffff"],
  "break at the top, in definite arrays and maps": [
    "malformed",
    "ff 81ff 8200ff a1ff a1ff00 a100ff a20000ff 9f81ff 9f829f819f9fffffffff",
  ],
  "indefinite maps with an odd number of items": ["malformed", "bf00ff bf000000ff"],
  "integers and tags of indefinite length": ["malformed", "1f 3f df"],
};

describe("RFC 8949, appendix F", () => {
  test.each(Object.entries(NOT_WELL_FORMED))("%s", (_what, [code, list]) => {
    for (const hex of list.split(" ")) expect([hex, answer(h(hex))]).toEqual([hex, code]);
  });
});

describe("well-formed, but not the one deterministic encoding", () => {
  test.each<[string, string]>(
    [
      [
        "heads longer than need be",
        "1817 1900ff 1a0000ffff 1b00000000ffffffff 1b0000000000000017 3b0000000000000000",
      ],
      ["lengths and tag numbers longer than need be", "580102 78016a 980100 b8010203 d81200"],
      [
        "indefinite lengths",
        "5f42010243030405ff 7f657374726561646d696e67ff 9fff 9f018202039f0405ffff bf61610161629f0203ffff",
      ],
      ["text that is not UTF-8", "6180 62c0af 63eda080"],
      ["maps out of order, or with a key twice", "a202000100 a26161006000 a201000101"],
      [
        "floats longer than need be",
        "fa3f800000 fb3ff0000000000000 fa7f800000 fa7fc00000 fb7ff8000000000000 fb7ff0000000000000",
      ],
      ["deep inside", "81821817f6"],
    ].map(([what, list]) => [what as string, list as string]),
  )("%s", (_what, list) => {
    for (const hex of list.split(" ")) {
      expect([hex, answer(h(hex))]).toEqual([hex, "non_canonical"]);
    }
  });

  test("a NaN is as short as what it carries", () => {
    for (const hex of ["f97e00", "f97e01", "fa7fc00001", "fb7ff8000000000001"])
      expect(answer(h(hex))).toBe("ok");
    for (const hex of ["fa7fc02000", "fb7ff8000020000000"]) expect(answer(h(hex))).toBe("non_canonical");
  });

  test("what is ill-formed as well is called so", () => {
    expect(answer(h("821817"))).toBe("truncated");
    expect(answer(h("8218171c"))).toBe("malformed");
    expect(answer(h("181700"))).toBe("trailing_bytes");
  });
});

describe("bounds", () => {
  test("sixteen levels are read, more are malformed, however many", () => {
    expect(answer(h(`${"81".repeat(16)}00`))).toBe("ok");
    for (const depth of [17, 60_000]) expect(answer(h(`${"81".repeat(depth)}00`))).toBe("malformed");
    expect(answer(h(`${"c0".repeat(60_000)}00`))).toBe("malformed");
    expect(answer(h(`${"bf00".repeat(60_000)}00`))).toBe("malformed");
  });

  test("a length beyond the bytes there are is truncated at once, also one that wraps round 32 or 64 bits", () => {
    for (const head of ["5a", "7a", "9a", "ba"]) {
      expect(answer(h(`8261 80${head}fffffffb`.replaceAll(" ", "")))).toBe("truncated");
    }
    for (const head of ["5b", "7b", "9b", "bb"]) {
      expect(answer(h(`${head}fffffffffffffffb00`))).toBe("truncated");
      expect(answer(h(`${head}00000001000000000000`))).toBe("truncated");
    }
  });

  test("byte strings are copies", () => {
    const bytes = h("4101");
    const item = readCbor(bytes);
    bytes[1] = 2;
    expect(item.ok && item.value).toEqual(h("01"));
  });
});

/** What another library makes of the bytes: nothing, an item, or an item in its one encoding. */
function otherAnswer(bytes: Uint8Array): "ill-formed" | "well-formed" | "deterministic" {
  const reads = (options: object) => {
    try {
      decode(bytes, { ignoreGlobalTags: true, ...options });
      return true;
    } catch (error) {
      // Well-formed, and the same to us as an encoding that is not deterministic.
      return /not valid for encoding utf-8/.test((error as Error).message) ? "utf-8" : false;
    }
  };
  if (reads({}) === false) return "ill-formed";
  return reads(cdeDecodeOptions) === true ? "deterministic" : "well-formed";
}

/** Heads of every kind, more often than chance would have them. */
const HEADS = h(
  "00171819 1a1b2038 4041585b 5f606178 7f808182 9899 9fa0a1a2 bfc0d2d8 f4f6f7f8 f9ff".replaceAll(" ", ""),
);
const likelyBytes = fc
  .array(fc.oneof(fc.constantFrom(...HEADS), fc.nat({ max: 255 })), { maxLength: 14 })
  .map((list) => Uint8Array.from(list));

test("another library calls the same bytes ill-formed, well-formed and deterministic", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(likelyBytes, (bytes) => {
      // The other library accepts floats of 32 and 64 bits that have a shorter form; vectors above cover these.
      fc.pre(!bytes.includes(0xfa) && !bytes.includes(0xfb));
      const ours = answer(bytes);
      const theirs = otherAnswer(bytes);
      // Invalid text may come before a fault that the other library then does not reach.
      if (theirs === "well-formed" && ours !== "non_canonical") {
        expect(() => decode(bytes, { ignoreGlobalTags: true })).toThrow("utf-8");
      } else if (theirs === "ill-formed")
        expect(["truncated", "malformed", "trailing_bytes"]).toContain(ours);
      else expect(ours).toBe(theirs === "deterministic" ? "ok" : "non_canonical");
      seen.add(ours);
    }),
    { numRuns: 20_000 },
  );
  expect([...seen].sort()).toEqual(["malformed", "non_canonical", "ok", "trailing_bytes", "truncated"]);
});
