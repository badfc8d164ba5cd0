import { expect, test } from "bun:test";
import { sha256, utf8 } from "@earshot/protocol";
import fc from "fast-check";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { sha256 as hasher } from "multiformats/hashes/sha2";
import { cidOf } from "./cid.ts";

test("a CID is what the multiformats library calls the same bytes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const expected = CID.createV1(raw.code, await hasher.digest(new Uint8Array(bytes)));
      expect(cidOf(sha256(bytes))).toBe(expected.toString());
      expect(CID.parse(cidOf(sha256(bytes))).multihash.digest.toHex()).toBe(sha256(bytes).toHex());
    }),
  );
});

test("the CID of no bytes is the one that IPFS gives them", () => {
  expect(cidOf(sha256(utf8("")))).toBe("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
});

test("only a SHA-256 has one", () => {
  expect(() => cidOf(new Uint8Array(31))).toThrow("31 were given");
});
