import { expect, test } from "bun:test";
import fc from "fast-check";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { type Manifest, manifestMessage } from "./manifest.ts";

const NETWORK = "testnet-1";
const signer = signerFromSeed(new Uint8Array(32).fill(3));
const hash = (fill: number) => new Uint8Array(32).fill(fill);

const manifest: Manifest = {
  network: NETWORK,
  epoch: 20_621,
  previousEpoch: null,
  previousManifestHash: hash(0),
  fromMs: Date.UTC(2026, 5, 1),
  toMs: Date.UTC(2026, 5, 2),
  closedAtMs: Date.UTC(2026, 5, 2, 0, 11),
  parametersHash: hash(1),
  registryHash: hash(5),
  files: [{ name: "packets.cbor", bytes: 4711, sha256: hash(2) }],
  pool: (1n << 256n) - 1n,
  paid: (1n << 256n) - 8n,
  unallocated: 7n,
  root: hash(4),
  counts: { packets: 1, entropy: 2, hotspots: 3, verdicts: 4, leaves: 5 },
};

test("a manifest reads as it was written, the largest amounts included", () => {
  const opened = manifestMessage.open(manifestMessage.seal(manifest, signer, NETWORK), NETWORK);
  expect(opened.ok && opened.value).toEqual(manifest);
});

test("a manifest of another network or another signer is refused", () => {
  const bytes = manifestMessage.seal(manifest, signer, NETWORK);
  expect(manifestMessage.open(bytes, "other")).toEqual({ ok: false, code: "bad_signature" });
  expect(manifestMessage.open(bytes, NETWORK, hash(9))).toEqual({ ok: false, code: "wrong_signer" });
});

test("any flipped bit is refused", () => {
  const bytes = manifestMessage.seal(manifest, signer, NETWORK);
  fc.assert(
    fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(manifestMessage.open(flipped, NETWORK, signer.publicKey).ok).toBe(false);
    }),
  );
});

test("an amount with a leading zero or a sign has no manifest", () => {
  for (const text of ["007", "-1", "1e3", ""]) {
    const forged = { ...manifest, paid: { toString: () => text } as unknown as bigint };
    const opened = manifestMessage.open(manifestMessage.seal(forged, signer, NETWORK), NETWORK);
    expect(opened).toEqual({ ok: false, code: "out_of_range" });
  }
});
