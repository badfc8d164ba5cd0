import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import * as noble from "@noble/ed25519";
import fc from "fast-check";
import { importKey, isAdmissibleKey, signerFromSeed, verifyEd25519 } from "./ed25519.ts";

/*
 * RFC 8032's vectors and hostile keys are in protocol/test/ed25519-vectors.test.ts, which runs them under Deno too.
 */
noble.hashes.sha512 = (message) => new Uint8Array(createHash("sha512").update(message).digest());

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
const message = fc.uint8Array({ maxLength: 200 });

describe("agreement with a second implementation", () => {
  test("same key and signature from every seed, and each verifies the other's", () => {
    fc.assert(
      fc.property(seed, message, (secret, text) => {
        const signer = signerFromSeed(secret);
        const signature = signer.sign(text);
        expect(signer.publicKey).toEqual(new Uint8Array(noble.getPublicKey(secret)));
        expect(signature).toEqual(new Uint8Array(noble.sign(text, secret)));
        expect(isAdmissibleKey(signer.publicKey)).toBe(true);
        expect(verifyEd25519(importKey(signer.publicKey), text, signature)).toBe(true);
        expect(noble.verify(signature, text, signer.publicKey, { zip215: false })).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test("one flipped bit in signature or message is refused by both", () => {
    const nonEmpty = fc.uint8Array({ minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(seed, nonEmpty, fc.nat(), (secret, text, position) => {
        const signer = signerFromSeed(secret);
        const whole = Uint8Array.from([...signer.sign(text), ...text]);
        const bit = position % (whole.length * 8);
        whole[bit >> 3] = (whole[bit >> 3] as number) ^ (1 << (bit & 7));
        const [signature, flipped] = [whole.subarray(0, 64), whole.subarray(64)];
        expect(verifyEd25519(importKey(signer.publicKey), flipped, signature)).toBe(false);
        expect(noble.verify(signature, flipped, signer.publicKey, { zip215: false })).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test("random bytes never throw as a key; what is admitted is its point's one encoding", () => {
    let admitted = 0;
    fc.assert(
      fc.property(seed, (bytes) => {
        if (!isAdmissibleKey(bytes)) return;
        admitted++;
        expect(noble.Point.fromBytes(bytes, true).toBytes()).toEqual(bytes);
      }),
      { numRuns: 200, seed: 1 },
    );
    // Half of all numbers are a point's y, and an eighth of all points are of prime order.
    expect(admitted).toBeGreaterThan(0);
    expect(admitted).toBeLessThan(50);
  });
});

describe("misuse", () => {
  test.each([0, 31, 33, 64])("a seed or a key of %d bytes throws", (length) => {
    expect(() => signerFromSeed(new Uint8Array(length))).toThrow(`seed has ${length} bytes; 32 are needed`);
    expect(() => importKey(new Uint8Array(length))).toThrow(`key has ${length} bytes; 32 are needed`);
  });

  test.each([0, 63, 65])("a signature of %d bytes is not valid", (length) => {
    const { publicKey } = signerFromSeed(new Uint8Array(32));
    expect(verifyEd25519(importKey(publicKey), new Uint8Array(), new Uint8Array(length))).toBe(false);
  });
});
