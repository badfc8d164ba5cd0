import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { verify } from "@noble/ed25519";
import { importKey, isAdmissibleKey, signerFromSeed, verifyEd25519 } from "../src/crypto/ed25519.ts";
import { answers } from "./ed25519-answers.ts";
import {
  mixedOrderKeys,
  NON_CANONICAL_KEYS,
  RFC_8032,
  SMALL_ORDER_KEYS,
  signatureVectors,
} from "./ed25519-vectors.ts";

const vectors = signatureVectors();

describe("RFC 8032", () => {
  test.each(RFC_8032)("$name", ({ seed, publicKey, message, signature }) => {
    const signer = signerFromSeed(seed);
    expect(signer.publicKey).toEqual(publicKey);
    expect(signer.sign(message)).toEqual(signature);
    expect(isAdmissibleKey(publicKey)).toBe(true);
    expect(verifyEd25519(importKey(publicKey), message, signature)).toBe(true);
  });
});

describe("keys that are not admitted", () => {
  test("all eight of small order", () => {
    expect(new Set(SMALL_ORDER_KEYS.map((key) => key.toHex())).size).toBe(8);
    expect(SMALL_ORDER_KEYS.filter(isAdmissibleKey)).toEqual([]);
  });

  test("every good key with a part of small order", () => {
    for (const { publicKey } of RFC_8032) {
      expect(mixedOrderKeys(publicKey).filter(isAdmissibleKey)).toEqual([]);
    }
  });

  test("every encoding that is not canonical", () => {
    expect(NON_CANONICAL_KEYS).toHaveLength(40);
    expect(NON_CANONICAL_KEYS.filter(isAdmissibleKey)).toEqual([]);
  });

  test.each([0, 31, 33])("%d bytes", (length) => {
    expect(isAdmissibleKey(new Uint8Array(length).fill(1))).toBe(false);
  });
});

describe("the one rule", () => {
  test.each(vectors)("$name", ({ publicKey, message, signature, accepted }) => {
    const holds = isAdmissibleKey(publicKey) && verifyEd25519(importKey(publicKey), message, signature);
    expect(holds).toBe(accepted);
  });

  test("the hostile vectors are real: the laxer rule ZIP-215 accepts those built from points", () => {
    const built = vectors.filter(({ name }) => name.includes("torsion"));
    expect(built).toHaveLength(21);
    for (const { publicKey, message, signature } of built) {
      expect(verify(signature, message, publicKey, { zip215: true })).toBe(true);
    }
  });
});

test("Deno answers every vector as Bun does", () => {
  // The npm package holds a launcher for Node.js; run by Bun it starts the same binary.
  const launcher = createRequire(import.meta.url).resolve("deno/bin.cjs");
  const script = fileURLToPath(new URL("ed25519-answers.ts", import.meta.url));
  const output = execFileSync(process.execPath, [launcher, "run", "-A", script], { encoding: "utf8" });
  expect(JSON.parse(output)).toEqual(answers());
});
