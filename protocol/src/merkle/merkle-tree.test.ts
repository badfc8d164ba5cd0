import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import fc from "fast-check";
import {
  buildTree,
  EMPTY_ROOT,
  LEAF_ENCODING,
  type Leaf,
  leafHash,
  type MerkleTree,
  verifyProof,
} from "./merkle-tree.ts";

const hex = (bytes: Uint8Array) => `0x${bytes.toHex()}`;
const bytesOf = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(seed + 1, 2_654_435_761) >>> (i % 24)) + i * 7);

const sampleLeaves = (count: number): Leaf[] =>
  Array.from({ length: count }, (_, i) => ({
    chainId: 8453n,
    contract: bytesOf(20, 1),
    hotspot: bytesOf(32, i),
    payee: bytesOf(20, i % 7),
    cumulative: BigInt(i) * 1_000_000_007n,
  }));

/** What one would give StandardMerkleTree.of for the same leaves. */
const valuesOf = (leaves: readonly Leaf[]) =>
  leaves.map((l) => [`${l.chainId}`, hex(l.contract), hex(l.hotspot), hex(l.payee), `${l.cumulative}`]);

const reference = (leaves: readonly Leaf[]) => StandardMerkleTree.of(valuesOf(leaves), [...LEAF_ENCODING]);

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const uint256 = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n });
const anyLeaf: fc.Arbitrary<Leaf> = fc.record({
  chainId: uint256,
  contract: bytes(20),
  hotspot: bytes(32),
  payee: bytes(20),
  cumulative: uint256,
});

const textOf = (tree: MerkleTree): string => [...tree.dumpText()].join("");

function expectSameTree(leaves: readonly Leaf[]): void {
  const ours = buildTree(leaves);
  const theirs = reference(leaves);
  expect(hex(ours.root)).toBe(theirs.root);
  expect(JSON.stringify(ours.dump())).toBe(JSON.stringify(theirs.dump()));
  expect(textOf(ours)).toBe(`${JSON.stringify(theirs.dump(), null, 1)}\n`);
  for (const i of leaves.keys()) expect(ours.proof(i).map(hex)).toEqual(theirs.getProof(i));
}

describe("identical to OpenZeppelin's StandardMerkleTree", () => {
  test("root, proofs and dump for 1 to 40 leaves", () => {
    for (let count = 1; count <= 40; count++) expectSameTree(sampleLeaves(count));
  });

  test("root, proofs and dump in several chunks for 1000 leaves", () => {
    expect([...buildTree(sampleLeaves(1000)).dumpText()].length).toBeGreaterThan(5);
    expectSameTree(sampleLeaves(1000));
  });

  test("any 1 to 40 leaves, equal ones among them", () => {
    const anyLeaves = fc
      .array(anyLeaf, { minLength: 1, maxLength: 39, size: "max" })
      .chain((leaves) => fc.constantFrom(leaves, [...leaves, leaves[0] as Leaf]));
    fc.assert(fc.property(anyLeaves, expectSameTree), { numRuns: 30 });
  });

  test("their loader takes our dump and their verifier our proofs", () => {
    fc.assert(fc.property(fc.array(anyLeaf, { minLength: 1, maxLength: 12 }), expectAccepted), {
      numRuns: 20,
    });
  });
});

function expectAccepted(leaves: readonly Leaf[]): void {
  const tree = buildTree(leaves);
  const loaded = StandardMerkleTree.load(JSON.parse(textOf(tree)));
  loaded.validate();
  expect(loaded.root).toBe(hex(tree.root));
  for (const [i, value] of valuesOf(leaves).entries()) {
    const proof = tree.proof(i).map(hex);
    expect(StandardMerkleTree.verify(hex(tree.root), [...LEAF_ENCODING], value, proof)).toBe(true);
  }
}

test("Deno builds the same tree as Bun", () => {
  const leafText = `(_, i) => ({ chainId: 8453n, contract: new Uint8Array(20).fill(1),
    hotspot: new Uint8Array(32).fill(i), payee: new Uint8Array(20).fill(2), cumulative: BigInt(i) ** 9n })`;
  const script = `import { buildTree } from ${JSON.stringify(new URL("merkle-tree.ts", import.meta.url))};
    console.log(buildTree(Array.from({ length: 200 }, ${leafText})).root.toHex());`;
  // The npm package holds a launcher for Node.js; run by Bun it starts the same binary.
  const launcher = createRequire(import.meta.url).resolve("deno/bin.cjs");
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const deno = execFileSync(process.execPath, [launcher, "eval", script], { cwd, encoding: "utf8" });
  const bun = execFileSync(process.execPath, ["-e", script], { cwd, encoding: "utf8" });
  expect(deno).toMatch(/^[0-9a-f]{64}\n$/);
  expect(deno).toBe(bun);
});

test("every leaf has a proof, and no leaf that differs has one", () => {
  fc.assert(
    fc.property(fc.array(anyLeaf, { minLength: 1, maxLength: 12 }), fc.nat(), (leaves, pick) => {
      const i = pick % leaves.length;
      const leaf = leaves[i] as Leaf;
      const { root, proof } = buildTree(leaves);
      expect(verifyProof(root, leafHash(leaf), proof(i))).toBe(true);
      const richer = { ...leaf, cumulative: leaf.cumulative === 0n ? 1n : leaf.cumulative - 1n };
      expect(verifyProof(root, leafHash(richer), proof(i))).toBe(false);
    }),
  );
});

test("the order of the leaves does not change the root", () => {
  const leaves = sampleLeaves(23);
  expect(buildTree(leaves.toReversed()).root).toEqual(buildTree(leaves).root);
});

test("a proof with a flipped bit, a missing step or a step too many is refused", () => {
  const leaves = sampleLeaves(13);
  const { root, proof } = buildTree(leaves);
  const hash = leafHash(leaves[4] as Leaf);
  const good = proof(4);
  fc.assert(
    fc.property(fc.nat(good.length * 256 - 1), (bit) => {
      const bad = good.map((step) => step.slice());
      (bad[bit >> 8] as Uint8Array)[(bit >> 3) & 31]! ^= 1 << (bit & 7);
      expect(verifyProof(root, hash, bad)).toBe(false);
    }),
  );
  expect(verifyProof(root, hash, good.slice(1))).toBe(false);
  expect(verifyProof(root, hash, [...good, root])).toBe(false);
  expect(verifyProof(root, hash, [new Uint8Array(31), ...good])).toBe(false);
  expect(verifyProof(root, hash.subarray(1), good)).toBe(false);
});

test("the tree without leaves has the zero root and contains nothing", () => {
  const empty = buildTree([]);
  expect(empty.root).toEqual(new Uint8Array(32));
  expect(empty.dump()).toEqual({
    format: "standard-v1",
    leafEncoding: [...LEAF_ENCODING],
    tree: [],
    values: [],
  });
  expect(textOf(empty)).toBe(`${JSON.stringify(empty.dump(), null, 1)}\n`);
  expect(() => empty.proof(0)).toThrow("There is no leaf 0 in the tree");
  expect(verifyProof(EMPTY_ROOT, EMPTY_ROOT, [])).toBe(false);
});

test("values that the contract could not hold are refused", () => {
  const [leaf] = sampleLeaves(1) as [Leaf];
  expect(() => leafHash({ ...leaf, cumulative: -1n })).toThrow("cumulative is -1, must fit uint256");
  expect(() => leafHash({ ...leaf, chainId: 1n << 256n })).toThrow("chainId is");
  expect(() => leafHash({ ...leaf, payee: new Uint8Array(32) })).toThrow("payee has 32 bytes, must have 20");
  expect(() => leafHash({ ...leaf, hotspot: new Uint8Array(33) })).toThrow(RangeError);
  for (const index of [-1, 1, 0.5, Number.NaN])
    expect(() => buildTree([leaf]).proof(index)).toThrow(RangeError);
});

test("a leaf that is refused leaves nothing behind in the next tree", () => {
  const leaves = sampleLeaves(5);
  const before = buildTree(leaves).root;
  expect(() => buildTree([...leaves, { ...(leaves[0] as Leaf), cumulative: -1n }])).toThrow(RangeError);
  expect(buildTree(leaves).root).toEqual(before);
});

test("what a caller does to root and proofs does not change the tree", () => {
  const tree = buildTree(sampleLeaves(4));
  const proof = tree.proof(2).map((step) => step.slice());
  for (const bytes of [tree.root, ...tree.proof(2)]) bytes.fill(0);
  expect(tree.proof(2)).toEqual(proof);
});
