import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { type Entropy, entropyHash, entropyMessage } from "./entropy.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(4));

const entropyAt = (index: number, previousHash: Uint8Array): Entropy => ({
  index,
  atMs: index * 60_000,
  value: new Uint8Array(32).fill(index & 0xff),
  previousHash,
  periodMs: 60_000,
  validityMs: 180_000,
  windowPeriods: 360,
  windowValue: new Uint8Array(32).fill(1),
  reportDeadlineMs: 600_000,
  revealDeadlineMs: 1_200_000,
  source: null,
  state: null,
});

const FIRST = 29_671_954;
const first = entropyAt(FIRST, new Uint8Array(32));

describe("entropy messages", () => {
  test("come back as they were", () => {
    const bytes = entropyMessage.seal(first, signer, "demo");
    console.log(`entropy message: ${bytes.length} bytes`);
    const opened = entropyMessage.open(bytes, "demo", signer.publicKey);
    expect(opened.ok && opened.value).toEqual(first);
  });

  test.each([
    { index: -1 },
    { index: 2 ** 32 },
    { atMs: 0 },
    { value: new Uint8Array(31) },
    { previousHash: new Uint8Array(33) },
    { periodMs: 0 },
    { periodMs: 86_400_001 },
    { validityMs: 0 },
    { windowPeriods: 0 },
    { windowPeriods: 100_001 },
    { windowValue: new Uint8Array() },
  ])("%p is out of range", (change) => {
    const bytes = entropyMessage.seal({ ...first, ...change }, signer, "demo");
    expect(entropyMessage.open(bytes, "demo")).toEqual({ ok: false, code: "out_of_range" });
  });
});

describe("the chain", () => {
  test("is SHA-256 over index, value and the previous hash", () => {
    const index = Buffer.alloc(4);
    index.writeUInt32BE(FIRST);
    const hash = createHash("sha256").update(index).update(first.value).update(first.previousHash).digest();
    expect(Buffer.from(entropyHash(first)).equals(hash)).toBe(true);
  });

  test("depends on every value before it", () => {
    const third = (start: Entropy) => {
      const second = entropyAt(FIRST + 1, entropyHash(start));
      return entropyHash(entropyAt(FIRST + 2, entropyHash(second))).toHex();
    };
    const changed = Uint8Array.from(first.value);
    changed[31] = (changed[31] as number) ^ 1;
    const heads = [first, { ...first, value: changed }, { ...first, index: FIRST - 1 }].map(third);
    expect(new Set(heads).size).toBe(3);
  });
});
