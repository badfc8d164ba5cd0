import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeTxpkAck, encodeTxpkAck, type TxpkAck } from "./txpk-ack.ts";

const decode = (text: string) => decodeTxpkAck(new TextEncoder().encode(text));

test.each<[string, TxpkAck]>([
  ["", { sent: true }],
  ["\0", { sent: true }],
  ['{"txpk_ack":{"error":"NONE"}}', { sent: true }],
  ['{"txpk_ack":{"error":"NONE"}}\0', { sent: true }],
  ['{"txpk_ack":{"error":null}}', { sent: true }],
  ['{"txpk_ack":{}}', { sent: true }],
  ["{}", { sent: true }],
  ['{"txpk_ack":{"error":"TOO_EARLY"}}', { sent: false, error: "TOO_EARLY" }],
  ['{"txpk_ack":{"error":"TX_FREQ"}}', { sent: false, error: "TX_FREQ" }],
  // Protocol 1.4 refused a power that 1.5 only warns about.
  ['{"txpk_ack":{"error":"TX_POWER"}}', { sent: false, error: "TX_POWER" }],
  ['{"txpk_ack":{"warn":"TX_POWER","value":27}}', { sent: true, powerDbm: 27 }],
  ['{"txpk_ack":{"warn":"TX_POWER","value":nan}}', { sent: true }],
  ['{"txpk_ack":{"error":"TX_POWER","value":20}}', { sent: true, powerDbm: 20 }],
  ['{"txpk_ack":{"error":"TX_POWER","value":null}}', { sent: false, error: "TX_POWER" }],
  ['{"txpk_ack":{"error":"TX_FREQ","value":14}}', { sent: false, error: "TX_FREQ" }],
  ['{"txpk_ack":{"warn":"tx_power","value":-3}}', { sent: true, powerDbm: -3 }],
  ['{"txpk_ack":{"warn":"OTHER","value":27}}', { sent: true }],
  ['{"txpk_ack":{"error":"something long and strange"}}', { sent: false, error: "UNKNOWN" }],
  ['{"txpk_ack":{"error":7}}', { sent: false, error: "UNKNOWN" }],
  ['{"txpk_ack":', { sent: false, error: "UNKNOWN" }],
  ['{"other":1}', { sent: false, error: "UNKNOWN" }],
])("%j", (text, ack) => {
  expect(decode(text)).toEqual(ack);
});

test("decoding undoes encoding", () => {
  const acks: TxpkAck[] = [{ sent: true }, { sent: true, powerDbm: 27 }, { sent: false, error: "TOO_LATE" }];
  for (const ack of acks) expect(decodeTxpkAck(encodeTxpkAck(ack))).toEqual(ack);
});

test("any bytes give an answer with a short error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const ack = decodeTxpkAck(bytes);
      if (!ack.sent) expect(ack.error).toMatch(/^[A-Z][A-Z0-9_]{0,31}$/);
    }),
  );
});
