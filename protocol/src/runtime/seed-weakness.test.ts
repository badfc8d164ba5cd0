import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { seedWeakness } from "./seed-weakness.ts";

const seedOf = (byteAt: (i: number) => number) => Uint8Array.from({ length: 32 }, (_, i) => byteAt(i));

test("a key of one repeated byte, half a key, text and a counter are no random keys", () => {
  for (const byte of [0x00, 0xff, 0x07]) expect(seedWeakness(seedOf(() => byte))).toContain("many times");
  const half = randomBytes(32).fill(0, 24);
  expect(seedWeakness(half)).toContain("damaged memory card");
  expect(seedWeakness(new TextEncoder().encode("correct horse battery staple, ok"))).toBe("text");
  expect(seedWeakness(seedOf((i) => i))).toBe("bytes that can be counted");
  expect(seedWeakness(seedOf((i) => 255 - i))).toBe("bytes that can be counted");
  expect(seedWeakness(seedOf((i) => [0xde, 0xad, 0xbe, 0xef][i % 4] ?? 0))).toBe(
    "hardly any different bytes",
  );
});

test("random keys, and those of RFC 8032 §7.1, may be keys", () => {
  for (let i = 0; i < 20_000; i++) expect(seedWeakness(randomBytes(32))).toBeUndefined();
  const test1 = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
  expect(seedWeakness(Uint8Array.fromHex(test1))).toBeUndefined();
});
