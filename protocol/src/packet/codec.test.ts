import { describe, expect, test } from "bun:test";
import { encodeBeaconFrame } from "../beacon/frame.ts";
import { signerFromSeed } from "../ed25519.ts";
import { decodePacket, encodePacket, verifyPacket } from "./codec.ts";
import type { Packet } from "./packet.ts";

const NETWORK = "testnet-1";
const signer = signerFromSeed(new Uint8Array(32).fill(7));
const atMs = Date.UTC(2026, 5, 1);
const gnss = {
  fixMode: 3,
  satellitesUsed: 255,
  latE7: -899_999_999,
  lonE7: -1_799_999_999,
  altitudeM: -1000,
  horizontalErrorDm: 65_535,
  integrityFlags: 23,
} as const;

const largestWitness: Packet = {
  type: "witness",
  sequence: 0xffff_ffff,
  atMs,
  frame: encodeBeaconFrame({
    entropyIndex: 29_000_000,
    shortId: new Uint8Array(8).fill(1),
    tag: new Uint8Array(16).fill(2),
  }),
  freqHz: 1_020_000_000,
  spreadingFactor: 12,
  bandwidthHz: 500_000,
  rssiDbm: -200,
  snrDdb: -255,
  tmstUs: 0xffff_ffff,
  gnss,
};

describe("packet sizes", () => {
  test("a witness packet with a full GNSS block stays under 200 bytes", () => {
    const bytes = encodePacket(largestWitness, signer, NETWORK);
    console.log(`witness packet, largest values: ${bytes.length} bytes`);
    expect(bytes.length).toBeLessThan(200);
    const result = verifyPacket(bytes, NETWORK);
    expect(result.ok && result.decoded.packet).toEqual(largestWitness);
  });
});

test("a packet made for another network says so", () => {
  const bytes = encodePacket(largestWitness, signer, "other");
  expect(verifyPacket(bytes, NETWORK)).toEqual({ ok: false, code: "bad_signature" });
  expect(verifyPacket(bytes, NETWORK, { otherNetworks: ["other"] })).toEqual({
    ok: false,
    code: "wrong_network",
  });
});

test("every flipped bit is refused", () => {
  const bytes = encodePacket(largestWitness, signer, NETWORK);
  for (let bit = 0; bit < bytes.length * 8; bit += 5) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(verifyPacket(flipped, NETWORK).ok).toBe(false);
  }
});

test("every truncation is refused as truncated or non-canonical", () => {
  const bytes = encodePacket(largestWitness, signer, NETWORK);
  for (let length = 0; length < bytes.length; length++) {
    expect(decodePacket(bytes.subarray(0, length))).toEqual({ ok: false, code: "truncated" });
  }
});
