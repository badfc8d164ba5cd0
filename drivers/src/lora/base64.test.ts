import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeBase64, encodeBase64 } from "./base64.ts";

test("any bytes, in every form that forwarders write", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
      const padded = Buffer.from(bytes).toString("base64");
      expect(encodeBase64(bytes)).toBe(padded);
      const unpadded = padded.replace(/=+$/, "");
      const urlSafe = Buffer.from(bytes).toString("base64url");
      for (const text of [padded, unpadded, urlSafe]) expect(decodeBase64(text)).toEqual(bytes);
    }),
  );
});

test("the example of the protocol document: unpadded, both alphabets in one string", () => {
  const text = "-DS4CGaDCdG+48eJNM3Vai-zDpsR71Pn9CPA9uCON84";
  expect(decodeBase64(text)).toEqual(Uint8Array.from(Buffer.from(text, "base64url")));
  expect(decodeBase64(text)).toHaveLength(32);
});

test("what is no base64 is refused", () => {
  for (const text of ["A", "AAAAA", "AA A", "AA\n", "AA===", "A=A", "é"]) {
    expect([text, decodeBase64(text)]).toEqual([text, undefined]);
  }
});
