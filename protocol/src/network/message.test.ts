import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { networkAad, seal } from "../cose.ts";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { encodeCbor } from "../encoding/cbor.ts";
import { decodePacket } from "../packet/codec.ts";
import { bytes, integer, nullable, record, text } from "../packet/fields.ts";
import { messageCodec } from "./message.ts";

interface Note {
  number: number;
  data: Uint8Array;
}

const shape = record<Note>({ number: integer(0, 2 ** 53 - 1), data: bytes(0, 40_000) });
const codec = messageCodec<Note>(99, shape);
const signer = signerFromSeed(new Uint8Array(32).fill(1));
const stranger = signerFromSeed(new Uint8Array(32).fill(2));
const note: Note = { number: 2 ** 40, data: Uint8Array.of(1, 2, 3) };
const sealed = codec.seal(note, signer, "demo");

describe("opening", () => {
  test("gives value and signer, with or without an expected signer", () => {
    const opened = { ok: true, value: note, publicKey: signer.publicKey } as const;
    expect(codec.open(sealed, "demo")).toEqual(opened);
    expect(codec.open(sealed, "demo", signer.publicKey)).toEqual(opened);
  });

  test("another network, signer or purpose is refused", () => {
    expect(codec.open(sealed, "testnet-1")).toEqual({ ok: false, code: "bad_signature" });
    expect(codec.open(sealed, "demo", stranger.publicKey)).toEqual({ ok: false, code: "wrong_signer" });
    const samePayload = messageCodec<Note>(98, shape);
    expect(samePayload.open(sealed, "demo")).toEqual({ ok: false, code: "wrong_type" });
    expect(decodePacket(sealed)).toEqual({ ok: false, code: "out_of_range" });
  });

  test("a key of small order, under which signatures can be made by anybody, is refused", () => {
    const publicKey = Uint8Array.of(1, ...new Uint8Array(31));
    const anybody = { publicKey, sign: () => Uint8Array.from([...publicKey, ...new Uint8Array(32)]) };
    const bytes = codec.seal(note, anybody, "demo");
    expect(codec.open(bytes, "demo")).toEqual({ ok: false, code: "inadmissible_key" });
  });

  test("messages may be larger than packets, up to 64 KiB", () => {
    const large = { ...note, data: new Uint8Array(40_000).fill(5) };
    expect(codec.open(codec.seal(large, signer, "demo"), "demo")).toMatchObject({ ok: true, value: large });
    expect(codec.open(new Uint8Array(65_537), "demo")).toEqual({ ok: false, code: "too_large" });
  });

  test("payloads of another shape are refused", () => {
    const open = (fields: Parameters<typeof encodeCbor>[0]) => {
      const opened = codec.open(seal(encodeCbor(fields), signer, networkAad("demo")), "demo");
      return opened.ok ? "ok" : opened.code;
    };
    expect(open([99, 1, 1, new Uint8Array()])).toBe("ok");
    expect(open(99)).toBe("wrong_type");
    expect(open([99])).toBe("wrong_type");
    expect(open([99, 1, 1])).toBe("wrong_type");
    expect(open([99, 1, 1, "text"])).toBe("wrong_type");
    expect(open([99, 0, 1, new Uint8Array()])).toBe("out_of_range");
    expect(open([99, 1, -1, new Uint8Array()])).toBe("out_of_range");
  });
});

test("older readers read newer messages, and newer readers older ones", () => {
  const grown = record<Note, { colour: string | null }>(
    { number: integer(0, 2 ** 53 - 1), data: bytes(0, 40_000) },
    { colour: nullable(text(8)) },
  );
  const newer = messageCodec<Note & { colour: string | null }>(99, grown, 2);
  const written = newer.seal({ ...note, colour: "red" }, signer, "demo");
  expect(codec.open(written, "demo")).toMatchObject({ ok: true, value: note });
  expect(newer.open(written, "demo")).toMatchObject({ ok: true, value: { ...note, colour: "red" } });
  expect(newer.open(sealed, "demo")).toMatchObject({ ok: true, value: { ...note, colour: null } });
});

test("any flipped bit, any truncation and random bytes are refused and never throw", () => {
  fc.assert(
    fc.property(fc.nat({ max: sealed.length * 8 - 1 }), (bit) => {
      const flipped = Uint8Array.from(sealed);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(codec.open(flipped, "demo").ok).toBe(false);
      expect(codec.open(sealed.subarray(0, bit >> 3), "demo").ok).toBe(false);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => !codec.open(bytes, "demo").ok));
});
