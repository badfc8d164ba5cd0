import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { signerFromSeed } from "../crypto/ed25519.ts";
import {
  MAX_RECEIPT_COMMITMENTS,
  MAX_RECEIPT_PACKETS,
  MAX_RECEIPT_RANGES,
  type Receipt,
  receiptMessage,
  type StoredPacketNotice,
} from "./receipt.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(4));
const atMs = Date.UTC(2026, 5, 1);
const uint32 = fc.nat({ max: 0xffff_ffff });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const notice: fc.Arbitrary<StoredPacketNotice> = fc.record({
  sequence: uint32,
  packetId: hash,
  receivedAtMs: fc.constant(atMs),
});
const receipt: fc.Arbitrary<Receipt> = fc.record({
  atMs: fc.constant(atMs),
  hotspot: hash,
  answers: hash,
  stored: fc.array(notice, { maxLength: 20 }),
  used: fc.array(fc.record({ first: uint32, last: uint32 }), { maxLength: MAX_RECEIPT_RANGES }),
  gateway: fc.option(
    fc.record({ version: fc.constant("1.2.3"), formats: fc.array(fc.nat(255), { maxLength: 48 }) }),
    { nil: null },
  ),
  lowest: fc.option(
    fc.record({ fromEpoch: uint32, fromMs: fc.constant(atMs), beacon: uint32, witness: uint32 }),
    { nil: null },
  ),
  copies: fc.option(
    fc.record({ reusedNumbers: uint32, agentTurns: uint32, radioTurns: uint32, concentrators: uint32 }),
    { nil: null },
  ),
  commitments: fc.option(
    fc.array(fc.record({ chain: uint32, head: hash, countsFromMs: fc.constant(atMs) }), {
      maxLength: MAX_RECEIPT_COMMITMENTS,
    }),
    { nil: null },
  ),
});

const LONGEST: Receipt = {
  atMs,
  hotspot: new Uint8Array(32),
  answers: new Uint8Array(32),
  stored: new Array(MAX_RECEIPT_PACKETS).fill({
    sequence: 0xffff_ffff,
    packetId: new Uint8Array(32),
    receivedAtMs: atMs,
  }),
  used: new Array(MAX_RECEIPT_RANGES).fill({ first: 0xffff_fffe, last: 0xffff_ffff }),
  gateway: { version: "v".repeat(32), formats: new Array(48).fill(255) },
  lowest: { fromEpoch: 0xffff_ffff, fromMs: atMs, beacon: 0xffff_ffff, witness: 0xffff_ffff },
  copies: { reusedNumbers: 120, agentTurns: 119, radioTurns: 119, concentrators: 120 },
  commitments: new Array(MAX_RECEIPT_COMMITMENTS).fill({
    chain: 0xffff_ffff,
    head: new Uint8Array(32),
    countsFromMs: atMs,
  }),
};

const open = (value: Receipt) =>
  receiptMessage.open(receiptMessage.seal(value, signer, "demo"), "demo", signer.publicKey);
const codeOf = (value: unknown) => {
  const opened = open(value as Receipt);
  return opened.ok ? "ok" : opened.code;
};

test("receipts come back as they were, the longest too", () => {
  fc.assert(
    fc.property(receipt, (value) => {
      expect(open(value)).toMatchObject({ ok: true, value });
    }),
  );
  expect(open(LONGEST)).toMatchObject({ ok: true, value: LONGEST });
});

describe("is refused", () => {
  test.each([
    ["one packet too many", { stored: [...LONGEST.stored, LONGEST.stored[0]] }],
    ["one range too many", { used: [...LONGEST.used, LONGEST.used[0]] }],
    ["a number below none", { used: [{ first: -1, last: 1 }] }],
    ["a number beyond the last", { stored: [{ ...LONGEST.stored[0], sequence: 2 ** 32 }] }],
    ["a short id", { stored: [{ ...LONGEST.stored[0], packetId: new Uint8Array(31) }] }],
    ["no year that can be", { atMs: 0 }],
  ])("%s", (_what, change) => {
    expect(codeOf({ ...LONGEST, ...change })).toBe("out_of_range");
  });

  test("whatever lacks whom it is for, what it answers or which packets it means", () => {
    for (const lacking of ["hotspot", "answers", "stored", "used"] as const) {
      const { [lacking]: _, ...rest } = LONGEST;
      expect(codeOf(rest)).toBe("wrong_type");
    }
    expect(codeOf({ ...LONGEST, stored: [{ first: 1, last: 1000 }] })).toBe("wrong_type");
  });
});
