import { expect, test } from "bun:test";
import { chacha12Words } from "./chacha12.ts";

const bytesOf = (words: Uint32Array) =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength).toHex();

test("the stream of the zero key is the published one (draft-strombergson-chacha-test-vectors, TC1)", () => {
  const stream = bytesOf(chacha12Words(new Uint8Array(32), 32));
  expect(stream.slice(0, 128)).toBe(
    "9bf49a6a0755f953811fce125f2683d50429c3bb49e074147e0089a52eae155f" +
      "0564f879d27ae3c02ce82834acfa8c793a629f2ca0de6919610be82f411326be",
  );
});

test("words do not depend on how many are asked for, and blocks differ", () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => i);
  const many = chacha12Words(key, 51);
  expect([...chacha12Words(key, 5)]).toEqual([...many.subarray(0, 5)]);
  expect([...many.subarray(0, 16)]).not.toEqual([...many.subarray(16, 32)]);
  expect(many).toHaveLength(51);
});

test("a key of another length is refused", () => {
  expect(() => chacha12Words(new Uint8Array(31), 1)).toThrow(RangeError);
});
