import { describe, expect, test } from "bun:test";
import { verifyAsync } from "@noble/ed25519";
import { Encoder, type Tag } from "cbor-x/index-no-eval";
import fc from "fast-check";
import { MAX_PACKET_BYTES, networkAad, openEnvelope, seal, sealFields, signedBytes } from "./cose.ts";
import { signerFromSeed } from "./crypto/ed25519.ts";
import { utf8 } from "./encoding/bytes.ts";
import { encodeCbor } from "./encoding/cbor.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(7));
const NETWORK = "testnet-1";
const aad = networkAad(NETWORK);

/** RFC 9052 read by others' code only: a general CBOR library takes the envelope apart and noble checks it. */
const other = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false });

async function verifyAsCose(bytes: Uint8Array, publicKey: Uint8Array, externalAad: Uint8Array) {
  const { tag, value } = other.decode(bytes) as Tag & { tag: number };
  const [protectedHeader, , payload, signature] = value as Uint8Array[];
  const header = other.decode(protectedHeader as Uint8Array) as Map<number, unknown>;
  if (tag !== 18 || header.get(1) !== -8) throw new TypeError("Not a COSE_Sign1 with EdDSA");
  const signed = other.encode(["Signature1", protectedHeader, externalAad, payload]);
  return verifyAsync(signature as Uint8Array, signed, publicKey, { zip215: false });
}

describe("another reading of COSE", () => {
  test("holds for the working group's own example (cose-wg/Examples, eddsa-sig-01)", async () => {
    const example = Uint8Array.fromHex(
      "d28445a201270300a10442313154546869732069732074686520636f6e74656e742e58407142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb8711497dfa751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d",
    );
    const key = Uint8Array.fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    expect(await verifyAsCose(example, key, new Uint8Array())).toBe(true);
  });

  test("verifies our envelopes for their network, and for no other", async () => {
    const bytes = sealFields([1, "two", Uint8Array.of(3)], signer, NETWORK);
    expect(await verifyAsCose(bytes, signer.publicKey, utf8("earshot/1/testnet-1"))).toBe(true);
    expect(await verifyAsCose(bytes, signer.publicKey, utf8("earshot/1/other"))).toBe(false);
  });

  test("builds the same bytes to sign and the same envelope", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 40 }), (payload, someAad) => {
        const header = new Map<number, unknown>([
          [1, -8],
          [4, signer.publicKey],
        ]);
        const encoded = new Uint8Array(other.encode(header));
        const signed = signedBytes({ publicKey: signer.publicKey, payload }, someAad);
        expect(other.encode(["Signature1", encoded, someAad, payload]).toString("hex")).toBe(signed.toHex());
        const [first, second, ...rest] = (other.decode(seal(payload, signer, someAad)) as Tag).value;
        expect(second).toEqual(new Map());
        const parts = [first, ...rest].map((part: Uint8Array) => part.toHex());
        expect(parts).toEqual([encoded, payload, signer.sign(signed)].map((part) => part.toHex()));
      }),
    );
  });
});

describe("opening", () => {
  test("gives back key, payload and signature for every length of payload", () => {
    for (const length of [0, 1, 23, 24, 255, 256, 860]) {
      const payload = new Uint8Array(length).fill(0x58);
      const bytes = seal(payload, signer, aad);
      expect(bytes.toHex()).toContain(`a0${other.encode(payload).toString("hex")}5840`);
      const opened = openEnvelope(bytes);
      const signature = signer.sign(signedBytes({ publicKey: signer.publicKey, payload }, aad));
      expect(opened).toEqual({ ok: true, envelope: { publicKey: signer.publicKey, payload, signature } });
    }
  });

  test("never throws and accepts nothing that would not be sealed to the same bytes", () => {
    const good = seal(new Uint8Array(30), signer, aad);
    const edit = fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), fc.nat({ max: 90 }), (edits, cut) => {
        const bytes = Uint8Array.from(good).subarray(0, good.length - Math.max(0, cut - 45));
        for (const [at, byte] of edits) if (at < bytes.length) bytes[at] = byte;
        const opened = openEnvelope(bytes);
        if (!opened.ok) return;
        const { publicKey, payload, signature } = opened.envelope;
        expect(seal(payload, { publicKey, sign: () => signature }, aad)).toEqual(bytes);
      }),
      { numRuns: 5000 },
    );
  });

  test("bytes at the limit are opened, one more is too large", () => {
    const fitting = seal(new Uint8Array(MAX_PACKET_BYTES - 112), signer, aad);
    expect(fitting.length).toBe(MAX_PACKET_BYTES);
    expect(openEnvelope(fitting).ok).toBe(true);
    const larger = seal(new Uint8Array(MAX_PACKET_BYTES - 111), signer, aad);
    expect(openEnvelope(larger)).toEqual({ ok: false, code: "too_large" });
    expect(openEnvelope(larger, 2000).ok).toBe(true);
  });
});

const KEY_HEX = signer.publicKey.toHex();
const HEADER = `a201270458 20${KEY_HEX}`.replace(" ", "");
const SIGNATURE = `5840${"00".repeat(64)}`;
const wrap = (header: string, rest = `a0 41 00 ${SIGNATURE}`) =>
  `d284${encodeCbor(Uint8Array.fromHex(header)).toHex()}${rest.replaceAll(" ", "")}`;

describe("every refusal is reached", () => {
  const cases: [string, string, string][] = [
    ["truncated", "nothing", ""],
    ["truncated", "no signature", wrap(HEADER, "a0 41 00")],
    ["truncated", "header that ends early", wrap("a20127")],
    ["trailing_bytes", "a byte more", `${wrap(HEADER)}00`],
    ["trailing_bytes", "a byte more in the header", wrap(`${HEADER}00`)],
    ["malformed", "reserved head", "1c"],
    ["wrong_tag", "no tag", wrap(HEADER).slice(2)],
    ["wrong_tag", "COSE_Mac0 (17)", `d1${wrap(HEADER).slice(2)}`],
    ["wrong_tag", "COSE_Sign (98)", `d862${wrap(HEADER).slice(2)}`],
    ["wrong_type", "no array", "d200"],
    ["wrong_type", "five elements", `d285${wrap(HEADER).slice(4)}00`],
    ["wrong_type", "detached payload", wrap(HEADER, `a0 f6 ${SIGNATURE}`)],
    ["wrong_type", "text as payload", wrap(HEADER, `a0 61 61 ${SIGNATURE}`)],
    ["wrong_type", "array as unprotected header", wrap(HEADER, `80 41 00 ${SIGNATURE}`)],
    ["wrong_type", "number as signature", wrap(HEADER, "a0 41 00 00")],
    ["wrong_type", "header that is no map", wrap("80")],
    ["wrong_type", "kid that is text", wrap("a201270461 61".replace(" ", ""))],
    ["wrong_type", "no kid", wrap("a10127")],
    ["wrong_alg", "ES256 (-7)", wrap(HEADER.replace("a20127", "a20126"))],
    ["wrong_alg", "no alg", wrap(`a1045820${KEY_HEX}`)],
    ["out_of_range", "kid of 31 bytes", wrap(`a2012704581f${KEY_HEX.slice(2)}`)],
    ["out_of_range", "another header parameter", wrap(`a301270300045820${KEY_HEX}`)],
    ["out_of_range", "unprotected parameter", wrap(HEADER, `a10441 00 41 00 ${SIGNATURE}`)],
    ["out_of_range", "signature of 63 bytes", wrap(HEADER, `a0 41 00 583f${"00".repeat(63)}`)],
    ["non_canonical", "payload length in two bytes", wrap(HEADER, `a0 5801 00 ${SIGNATURE}`)],
    ["non_canonical", "indefinite array", `d29f${wrap(HEADER).slice(4)}ff`],
    ["non_canonical", "kid before alg", wrap(`a2045820${KEY_HEX}0127`)],
    ["non_canonical", "indefinite payload", wrap(HEADER, `a0 5f4100ff ${SIGNATURE}`)],
    ["too_large", "1025 bytes", "00".repeat(1025)],
  ];
  test.each(cases)("%s: %s", (code, _what, hex) => {
    expect(openEnvelope(Uint8Array.fromHex(hex))).toEqual({ ok: false, code: code as never });
  });

  test("the frame of these cases itself is opened", () => {
    expect(openEnvelope(Uint8Array.fromHex(wrap(HEADER))).ok).toBe(true);
  });
});

test("a payload beyond 65535 bytes is a mistake of the caller", () => {
  expect(() => seal(new Uint8Array(65_536), signer, aad)).toThrow("at most 65535");
});
