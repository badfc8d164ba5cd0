import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { type IndexRoot, indexRootMessage, packetsRoot } from "./index-root.ts";

const NETWORK = "testnet-1";
const signer = signerFromSeed(new Uint8Array(32).fill(3));
const hash = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
const [A, B, C] = [hash(Buffer.from("a")), hash(Buffer.from("b")), hash(Buffer.from("c"))];

test("it comes back as it was, and only from the network's key", () => {
  const value: IndexRoot = {
    network: NETWORK,
    index: 29_671_954,
    atMs: Date.UTC(2026, 5, 1),
    count: 2,
    root: packetsRoot([A, B]),
  };
  const bytes = indexRootMessage.seal(value, signer, NETWORK);
  expect(indexRootMessage.open(bytes, NETWORK, signer.publicKey)).toMatchObject({ ok: true, value });
  const stranger = signerFromSeed(new Uint8Array(32).fill(9)).publicKey;
  expect(indexRootMessage.open(bytes, NETWORK, stranger)).toEqual({ ok: false, code: "wrong_signer" });
});

test("the root is RFC 6962's over the ids in order of bytes, however they come", () => {
  const leaf = (id: Uint8Array) => hash(Uint8Array.of(0), id);
  const node = (left: Uint8Array, right: Uint8Array) => hash(Uint8Array.of(1), left, right);
  const [x, y, z] = [A, B, C].toSorted(Buffer.compare) as [Buffer, Buffer, Buffer];
  const expected = node(node(leaf(x), leaf(y)), leaf(z)).toString("hex");
  fc.assert(
    fc.property(fc.shuffledSubarray([A, B, C], { minLength: 3 }), (ids) => {
      expect(packetsRoot(ids).toHex()).toBe(expected);
    }),
  );
  expect(packetsRoot([]).toHex()).toBe(hash().toString("hex"));
  expect(packetsRoot([A]).toHex()).toBe(leaf(A).toString("hex"));
});
