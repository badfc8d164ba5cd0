import { expect, test } from "bun:test";
import fc from "fast-check";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { MAX_VERDICTS_PER_MESSAGE, OUTCOMES, type VerdictNotice, verdictMessage } from "./verdict-message.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(4));
const atMs = Date.UTC(2026, 5, 1);
const hotspot = new Uint8Array(32).fill(5);
const parametersHash = new Uint8Array(32).fill(6);
const notice: fc.Arbitrary<VerdictNotice> = fc.record({
  packetId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  receivedAtMs: fc.constant(atMs),
  outcome: fc.constantFrom(...OUTCOMES),
  reason: fc.stringMatching(/^[a-z_]{1,40}$/),
  measurements: fc.array(
    fc.record({
      name: fc.stringMatching(/^[a-zA-Z]{1,40}$/),
      value: fc.integer({ min: -(2 ** 47), max: 2 ** 47 }),
    }),
    { maxLength: 12 },
  ),
});

const open = (verdicts: VerdictNotice[]) =>
  verdictMessage.open(
    verdictMessage.seal({ atMs, hotspot, parametersHash, verdicts }, signer, "demo"),
    "demo",
    signer.publicKey,
  );

test("verdicts come back as they were", () => {
  fc.assert(
    fc.property(fc.array(notice, { maxLength: MAX_VERDICTS_PER_MESSAGE }), (verdicts) => {
      const opened = open(verdicts);
      expect(opened.ok && opened.value).toEqual({ atMs, hotspot, parametersHash, verdicts });
    }),
    { numRuns: 50 },
  );
});

test("the longest verdicts, as many as one message may have, fit it", () => {
  const longest: VerdictNotice = {
    packetId: new Uint8Array(32),
    receivedAtMs: atMs,
    outcome: "refused",
    reason: "r".repeat(40),
    measurements: new Array(12).fill({ name: "n".repeat(40), value: -(2 ** 47) }),
  };
  expect(open(new Array(MAX_VERDICTS_PER_MESSAGE).fill(longest)).ok).toBe(true);
});

test.each([
  ["too many verdicts", (v: VerdictNotice) => new Array(MAX_VERDICTS_PER_MESSAGE + 1).fill(v)],
  [
    "too many measurements",
    (v: VerdictNotice) => [{ ...v, measurements: new Array(13).fill({ name: "a", value: 1 }) }],
  ],
  ["a long reason", (v: VerdictNotice) => [{ ...v, reason: "r".repeat(41) }]],
  ["a short id", (v: VerdictNotice) => [{ ...v, packetId: new Uint8Array(31) }]],
  ["an outcome of its own", (v: VerdictNotice) => [{ ...v, outcome: "perhaps" as never }]],
] as const)("%s: out of range", (_what, change) => {
  const good: VerdictNotice = {
    packetId: new Uint8Array(32),
    receivedAtMs: atMs,
    outcome: "paid",
    reason: "ok",
    measurements: [],
  };
  expect(open([good]).ok).toBe(true);
  expect(open(change(good))).toEqual({ ok: false, code: "out_of_range" });
});
