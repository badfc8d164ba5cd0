import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  decodeEntries,
  encodeEntries,
  MAX_ENTRY_BYTES,
  parseTilePath,
  tileHashes,
  tilePath,
} from "./tiles.ts";
import vectors from "./vectors.json";

test("paths are those of another program", () => {
  const names = [
    { level: 0, index: 0, width: 256 },
    { level: 0, index: 1234067, width: 256 },
    { level: 1, index: 999, width: 1 },
    { level: 2, index: 1000, width: 255 },
    { level: "entries" as const, index: 7, width: 256 },
    { level: "entries" as const, index: 1001, width: 17 },
  ];
  expect(names.map(tilePath)).toEqual(vectors.paths);
  expect(vectors.paths.map(parseTilePath)).toEqual(names);
});

test("the example of the specification: a tree of 70,000", () => {
  expect([0, 1, 2, 3].map((level) => tileHashes(level, 70_000))).toEqual([70_000, 273, 1, 0]);
  expect(Math.floor(70_000 / 256)).toBe(273);
});

test("a path written in any other way is none", () => {
  const wrong = [
    "tile/00/000",
    "tile/0/0",
    "tile/0/0000",
    "tile/0/x000/001",
    "tile/0/000/001",
    "tile/0/000.p/0",
  ];
  const more = [
    "tile/0/000.p/256",
    "tile/0/000.p/07",
    "tile/data/000",
    "tile/0/x001/x002",
    "/tile/0/000",
    "tile/0/-01",
  ];
  for (const path of [...wrong, ...more]) expect(parseTilePath(path), path).toBeUndefined();
  const name = fc.record({
    level: fc.oneof(fc.nat(63), fc.constant("entries" as const)),
    index: fc.nat(10 ** 12),
    width: fc.integer({ min: 1, max: 256 }),
  });
  fc.assert(fc.property(name, (tile) => expect(parseTilePath(tilePath(tile))).toEqual(tile)));
});

test("entries come back as they were; bytes that end within one are refused", () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 });
  fc.assert(
    fc.property(entries, (list) => {
      const bytes = encodeEntries(list);
      expect(decodeEntries(bytes)).toEqual(list);
      if (list.length > 0) expect(decodeEntries(bytes.subarray(0, -1))?.length).not.toBe(list.length);
    }),
  );
  const long = new Uint8Array(MAX_ENTRY_BYTES);
  expect(decodeEntries(encodeEntries([long]))).toEqual([long]);
  expect(() => encodeEntries([new Uint8Array(MAX_ENTRY_BYTES + 1)])).toThrow("65536 bytes; at most 65535");
});
