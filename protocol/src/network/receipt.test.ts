import { expect, test } from "bun:test";
import fc from "fast-check";
import { signerFromSeed } from "../ed25519.ts";
import { MAX_RECEIPT_RANGES, type Receipt, receiptMessage } from "./receipt.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(4));
const atMs = Date.UTC(2026, 5, 1);
const uint32 = fc.nat({ max: 0xffff_ffff });
const receipt: fc.Arbitrary<Receipt> = fc.record({
  atMs: fc.constant(atMs),
  stored: fc.array(fc.record({ first: uint32, last: uint32 }), { maxLength: MAX_RECEIPT_RANGES }),
});

test("receipts come back as they were", () => {
  fc.assert(
    fc.property(receipt, (value) => {
      const opened = receiptMessage.open(
        receiptMessage.seal(value, signer, "demo"),
        "demo",
        signer.publicKey,
      );
      expect(opened.ok && opened.value).toEqual(value);
    }),
  );
});

test("one range more than allowed is refused", () => {
  const stored = new Array(MAX_RECEIPT_RANGES).fill({ first: 0xffff_fffe, last: 0xffff_ffff });
  const code = (value: Receipt) => {
    const opened = receiptMessage.open(receiptMessage.seal(value, signer, "demo"), "demo", signer.publicKey);
    return opened.ok ? "ok" : opened.code;
  };
  expect(code({ atMs, stored })).toBe("ok");
  expect(code({ atMs, stored: [...stored, { first: 1, last: 1 }] })).toBe("out_of_range");
  expect(code({ atMs, stored: [{ first: -1, last: 1 }] })).toBe("out_of_range");
  expect(code({ atMs, stored: [{ first: 1, last: 2 ** 32 }] })).toBe("out_of_range");
});
