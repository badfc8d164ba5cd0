import { expect, test } from "bun:test";
import { DRAND, drandEntropy, drandRoundAt, type Entropy } from "@earshot/protocol";
import { testChain } from "@earshot/protocol/drand-testing";
import { drandCheck } from "./entropy-check.ts";

const chain = testChain();
const check = drandCheck(chain, "test");
const INDEX = Date.UTC(2026, 5, 1) / 60_000;
const round = drandRoundAt(INDEX * 60_000, chain);
const signature = chain.sign(round);

const entropy = (
  changes: Partial<Entropy> = {},
  proof: Partial<NonNullable<Entropy["source"]>> = {},
): Entropy => ({
  ...{ index: INDEX, atMs: INDEX * 60_000 + 4000, value: drandEntropy(signature, "test", INDEX) },
  ...{ previousHash: new Uint8Array(32), periodMs: 60_000, validityMs: 180_000, windowPeriods: 360 },
  ...{ windowValue: new Uint8Array(32), state: null },
  ...{ reportDeadlineMs: null, revealDeadlineMs: null },
  source: { kind: DRAND, round, signature, counts: true, ...proof },
  ...changes,
});

test("a value that follows from the signature of its round passes, and one that says that it has none", () => {
  expect(check(entropy())).toBe(true);
  expect(check(entropy({ value: new Uint8Array(32) }, { signature: null, counts: false }))).toBe(true);
});

test.each<[string, Entropy]>([
  ["without a source", entropy({ source: null })],
  ["of another round", entropy({}, { round: round + 1, signature: chain.sign(round + 1) })],
  ["of another index", entropy({ index: INDEX + 1 })],
  ["with another value", entropy({ value: new Uint8Array(32).fill(1) })],
  ["with a signature of another round", entropy({}, { signature: chain.sign(round + 1) })],
])("one %s does not", (_what, wrong) => {
  expect(check(wrong)).toBe(false);
});
