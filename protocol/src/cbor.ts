import { Encoder } from "cbor-x";
import { equalBytes } from "./bytes.ts";

/** What Earshot's wire format is made of: arrays of integers, byte strings, text, null. No maps, no floats. */
export type CborValue = number | bigint | Uint8Array | string | null | readonly CborValue[];

const codec = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false });

/**
 * Deterministic encoding (RFC 8949 §4.2). Integers beyond 32 bits must be `bigint`: cbor-x writes such numbers
 * as floats (DESIGN, decision 3).
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const bytes = codec.encode(value);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export type CborRefusal = "truncated" | "trailing_bytes" | "malformed" | "non_canonical";
export type CborDecoded = { ok: true; value: unknown } | { ok: false; code: CborRefusal };

/** Decodes one item and refuses whatever would not be encoded to the very same bytes. Never throws. */
export function decodeCbor(bytes: Uint8Array): CborDecoded {
  let value: unknown;
  try {
    value = codec.decode(bytes);
  } catch (error) {
    return { ok: false, code: refusalOf(error) };
  }
  // cbor-x reads past the end of some truncated items, and accepts much that is malformed: the comparison decides.
  try {
    if (equalBytes(encodeCbor(value as CborValue), bytes)) return { ok: true, value };
  } catch {
    // Falls through: what cannot be encoded again is not canonical either.
  }
  return { ok: false, code: "non_canonical" };
}

function refusalOf(error: unknown): CborRefusal {
  const message = error instanceof Error ? error.message : "";
  if (/data read, but end of buffer/i.test(message)) return "trailing_bytes";
  if (/unexpected end|end of buffer|out of bounds|outside|range/i.test(message)) return "truncated";
  return "malformed";
}
