import { expect, test } from "bun:test";
import fc from "fast-check";
import { utf8 } from "../encoding/bytes.ts";
import {
  proveConsistency,
  proveInclusion,
  type ReadHashes,
  readEdge,
  TILE_WIDTH,
  TileEdge,
  tileHashes,
} from "./tiles.ts";
import { EMPTY_TREE_ROOT, entryHash, rootOf, verifyConsistency, verifyInclusion } from "./tree.ts";
import vectors from "./vectors.json";

/** Leaf hashes of "entry 0", "entry 1", … */
const LEAVES = Array.from({ length: 5000 }, (_, i) => entryHash(utf8(`entry ${i}`)));

/** Tiles of the tree of this size over `leaves`, kept as a log keeps them. */
function tilesOf(leaves: readonly Uint8Array[], size: number): ReadHashes {
  const levels = [leaves.slice(0, size)];
  for (let below = levels[0] as Uint8Array[]; below.length >= TILE_WIDTH; ) {
    const full = Array.from({ length: tileHashes(1, below.length) }, (_, i) =>
      rootOf(below.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH)),
    );
    levels.push(full);
    below = full;
  }
  return async (level, first, count) => {
    const last = first + count - 1;
    if (Math.floor(first / TILE_WIDTH) !== Math.floor(last / TILE_WIDTH)) throw new Error("across tiles");
    const found = levels[level]?.slice(first, first + count) ?? [];
    if (found.length !== count) throw new Error(`level ${level} has no ${first} to ${last}`);
    return found;
  };
}

test("roots are those of Certificate Transparency's own test data", () => {
  // certificate-transparency/python/ct/crypto/merkle_test.py
  const entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"];
  const leaves = [...entries, "606162636465666768696a6b6c6d6e6f"].map((hex) =>
    entryHash(Uint8Array.fromHex(hex)),
  );
  const roots = leaves.map((_, i) => rootOf(leaves.slice(0, i + 1)).toHex());
  expect(roots).toEqual([
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]);
  expect(EMPTY_TREE_ROOT.toHex()).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("roots and proofs are those of another program, and hold", async () => {
  // Of gateway/test/tlog-reader: Go's tlog package.
  for (const { size, root, index, inclusion, old, consistency } of vectors.trees) {
    const read = tilesOf(LEAVES, size);
    const head = { size, root: Uint8Array.fromBase64(root) };
    expect((await readEdge(size, read)).root.toBase64()).toBe(root);
    const path = await proveInclusion(index, size, read);
    expect(path.map((hash) => hash.toBase64())).toEqual(inclusion);
    expect(verifyInclusion({ ...head, index }, LEAVES[index] as Uint8Array, path)).toBe(true);
    const between = await proveConsistency(old, size, read);
    expect(between.map((hash) => hash.toBase64())).toEqual(consistency);
    const before = { size: old, root: rootOf(LEAVES.slice(0, old)) };
    expect(verifyConsistency(before, head, between)).toBe(true);
  }
});

const sizes = fc.integer({ min: 1, max: 1100 });
const share = fc.double({ min: 0, max: 0.999_999, noNaN: true });

test("every proof holds, and none for anything else", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, share, fc.nat(40), async (size, at, change) => {
      const read = tilesOf(LEAVES, size);
      const root = rootOf(LEAVES.slice(0, size));
      const index = Math.floor(at * size);
      const leaf = LEAVES[index] as Uint8Array;
      const path = await proveInclusion(index, size, read);
      expect(verifyInclusion({ index, size, root }, leaf, path)).toBe(true);
      // A root does not say its size; a checkpoint does, and signs it.
      const other = (index + 1) % size;
      expect(verifyInclusion({ index: other, size, root }, leaf, path)).toBe(size === 1);
      expect(verifyInclusion({ index, size, root }, LEAVES[index + 1] as Uint8Array, path)).toBe(false);
      expect(verifyInclusion({ index, size, root }, leaf, [...path, leaf])).toBe(false);
      if (path.length > 0) {
        const altered = path.toSpliced(change % path.length, 1, leaf);
        expect(verifyInclusion({ index, size, root }, leaf, altered)).toBe(false);
        expect(verifyInclusion({ index, size, root }, leaf, path.slice(1))).toBe(false);
      }
    }),
  );
});

test("a tree with a leaf changed, dropped or put in does not continue another", async () => {
  await fc.assert(
    fc.asyncProperty(sizes, share, share, async (size, at, where) => {
      const oldSize = Math.floor(at * (size + 1));
      const old = { size: oldSize, root: rootOf(LEAVES.slice(0, oldSize)) };
      const honest = { size, root: rootOf(LEAVES.slice(0, size)) };
      const proof = await proveConsistency(oldSize, size, tilesOf(LEAVES, size));
      expect(verifyConsistency(old, honest, proof)).toBe(true);
      if (size > oldSize) expect(verifyConsistency(honest, old, proof)).toBe(false);
      if (oldSize === 0) return;
      const changed = LEAVES.with(Math.floor(where * oldSize), entryHash(utf8("another")));
      const forged = { size, root: rootOf(changed.slice(0, size)) };
      const its = await proveConsistency(oldSize, size, tilesOf(changed, size));
      for (const tried of [proof, its, []]) expect(verifyConsistency(old, forged, tried)).toBe(false);
      expect(verifyConsistency(old, honest, [...proof, old.root])).toBe(false);
    }),
  );
});

test("a log that is read from its tiles goes on as one that was never left", async () => {
  // Across the 65,536th leaf a tile of level 1 gets full.
  const leaves = Array.from({ length: 66_000 }, (_, i) => LEAVES[i % LEAVES.length] as Uint8Array);
  const kept = new TileEdge();
  const made = leaves.flatMap((leaf) => kept.append(leaf));
  expect(made.length).toBe(257 + 1);
  for (const { level, index, hash } of made) {
    const width = TILE_WIDTH ** level;
    expect(hash).toEqual(rootOf(leaves.slice(index * width, (index + 1) * width)));
  }
  for (const size of [0, 1, 255, 256, 1000, 65_535, 65_536, 65_537]) {
    const read = await readEdge(size, tilesOf(leaves, size));
    expect([read.size, read.root]).toEqual([size, rootOf(leaves.slice(0, size))]);
    const copy = read.copy();
    for (const leaf of leaves.slice(size)) copy.append(leaf);
    expect([copy.size, copy.root, read.size]).toEqual([kept.size, kept.root, size]);
  }
});

test("numbers that no log has are refused", () => {
  const root = EMPTY_TREE_ROOT;
  for (const size of [-1, 0.5, Number.NaN, 2 ** 53]) {
    expect(verifyConsistency({ size: 0, root }, { size, root }, [])).toBe(false);
    expect(verifyInclusion({ index: 0, size, root }, root, [])).toBe(false);
  }
  expect(verifyInclusion({ index: 0, size: 0, root }, root, [])).toBe(false);
});
