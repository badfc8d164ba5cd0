import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeGwmp, encodeGwmp, type GwmpDatagram, MAX_GWMP_BYTES } from "./gwmp-datagram.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const text = (value: string) => new TextEncoder().encode(value);

// Layouts written out by hand from PROTOCOL.TXT; tokens and EUI as the real forwarder sends them.
const VECTORS: [string, Uint8Array, GwmpDatagram][] = [
  [
    "PUSH_DATA",
    hex("02 6973 00 aa555a0000000000 7b7d"),
    { type: "PUSH_DATA", version: 2, token: 0x6973, gatewayEui: "aa555a0000000000", json: text("{}") },
  ],
  ["PUSH_ACK", hex("02 6973 01"), { type: "PUSH_ACK", version: 2, token: 0x6973 }],
  [
    "PULL_DATA",
    hex("01 67c6 02 aa555a0000000000"),
    { type: "PULL_DATA", version: 1, token: 0x67c6, gatewayEui: "aa555a0000000000" },
  ],
  ["PULL_RESP", hex("02 1234 03 7b7d"), { type: "PULL_RESP", version: 2, token: 0x1234, json: text("{}") }],
  ["PULL_ACK", hex("02 67c6 04"), { type: "PULL_ACK", version: 2, token: 0x67c6 }],
  [
    "TX_ACK",
    hex("02 0001 05 aa555a0000000000"),
    { type: "TX_ACK", version: 2, token: 1, gatewayEui: "aa555a0000000000", json: text("") },
  ],
];

test.each(VECTORS)("%s has its layout", (_, bytes, datagram) => {
  expect(decodeGwmp(bytes)).toEqual({ ok: true, datagram });
  expect(encodeGwmp(datagram)).toEqual(bytes);
});

test("what is no datagram is refused with the reason", () => {
  const codeOf = (bytes: Uint8Array) => {
    const decoded = decodeGwmp(bytes);
    return decoded.ok ? decoded.datagram.type : decoded.code;
  };
  expect(codeOf(hex("02 6973"))).toBe("too-short");
  expect(codeOf(hex("02 6973 00 aa555a00000000"))).toBe("too-short");
  expect(codeOf(hex("03 6973 00 aa555a0000000000"))).toBe("unknown-version");
  expect(codeOf(hex("02 6973 06 aa555a0000000000"))).toBe("unknown-type");
  expect(codeOf(hex("02 67c6 02 aa555a0000000000 00"))).toBe("PULL_DATA");
});

test("encoding names the value that does not fit", () => {
  for (const token of [-1, 0.5, 65_536]) {
    expect(() => encodeGwmp({ type: "PUSH_ACK", version: 2, token })).toThrow(`Token is ${token}`);
  }
  expect(() => encodeGwmp({ type: "PULL_DATA", version: 2, token: 1, gatewayEui: "aa55" })).toThrow('"aa55"');
  const respond = (jsonBytes: number) =>
    encodeGwmp({ type: "PULL_RESP", version: 2, token: 1, json: new Uint8Array(jsonBytes) });
  expect(() => respond(MAX_GWMP_BYTES - 3)).toThrow("65508 bytes");
  expect(respond(MAX_GWMP_BYTES - 4)).toHaveLength(MAX_GWMP_BYTES);
});

const header = { version: fc.constantFrom(1 as const, 2 as const), token: fc.nat(0xffff) };
const gatewayEui = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const json = fc.uint8Array({ maxLength: 300 });
const anyDatagram: fc.Arbitrary<GwmpDatagram> = fc.oneof(
  fc.record({ type: fc.constantFrom("PUSH_DATA" as const, "TX_ACK" as const), ...header, gatewayEui, json }),
  fc.record({ type: fc.constant("PULL_DATA" as const), ...header, gatewayEui }),
  fc.record({ type: fc.constant("PULL_RESP" as const), ...header, json }),
  fc.record({ type: fc.constantFrom("PUSH_ACK" as const, "PULL_ACK" as const), ...header }),
);

test("decoding undoes encoding", () => {
  fc.assert(
    fc.property(anyDatagram, (datagram) => {
      expect(decodeGwmp(encodeGwmp(datagram))).toEqual({ ok: true, datagram });
    }),
  );
});

test.each([0, 0xffff])("token %d is one", (token) => {
  const datagram = { type: "PULL_ACK", version: 2, token } as const;
  expect(decodeGwmp(encodeGwmp(datagram))).toEqual({ ok: true, datagram });
});

test("any bytes decode to a datagram or a code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const decoded = decodeGwmp(bytes);
      if (decoded.ok) expect(decoded.datagram.token).toBeLessThanOrEqual(0xffff);
    }),
  );
});
