import { Encoder, Tag } from "cbor-x";
import { equalBytes } from "./bytes.ts";

/** What Earshot's wire format is made of: arrays of integers, byte strings, text, null. No maps, no floats. */
export type CborValue = number | bigint | Uint8Array | string | null | readonly CborValue[];

/** A tagged item as `decodeCbor` gives it. */
export { Tag as CborTag };

export type CborRefusal = "truncated" | "trailing_bytes" | "malformed" | "non_canonical";
export type CborDecoded = { ok: true; value: unknown } | { ok: false; code: CborRefusal };

const codec = new Encoder({
  useRecords: false,
  mapsAsObjects: false,
  variableMapSize: true,
  tagUint8Array: false,
});

const MAX_UINT32 = 0xffff_ffff;
const MIN_INT33 = -0x1_0000_0000;
const MAX_UINT64 = 2n ** 64n - 1n;
/** cbor-x goes no lower, though CBOR would. */
const MIN_INT64 = -(2n ** 63n);

/**
 * Deterministic encoding (RFC 8949 §4.2) by cbor-x, which does it for what `shortest` makes of the value.
 * @throws {RangeError} on a number that is not a safe integer, a bigint beyond 64 bits or text with lone surrogates
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const bytes = codec.encode(shortest(value));
  // A copy: cbor-x hands out parts of one large buffer, which a kept packet would keep alive.
  return new Uint8Array(bytes);
}

/** cbor-x writes numbers beyond 32 bits as floats and every bigint as nine bytes (DESIGN, decision 3). */
function shortest(value: CborValue): unknown {
  if (Array.isArray(value)) return value.map(shortest);
  if (typeof value === "string" && !value.isWellFormed()) {
    throw new RangeError(`Cannot encode ${JSON.stringify(value)}: a lone surrogate`);
  }
  return typeof value === "number" || typeof value === "bigint" ? shortestInteger(value) : value;
}

function shortestInteger(value: number | bigint): number | bigint {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RangeError(`Cannot encode ${value}: not a safe integer`);
  }
  if (value > MAX_UINT64 || value < MIN_INT64) {
    throw new RangeError(`Cannot encode ${value}: beyond 64 bits`);
  }
  // `+ 0` turns -0, which cbor-x writes as a float, into 0.
  return value > MAX_UINT32 || value < MIN_INT33 ? BigInt(value) : Number(value) + 0;
}

/**
 * Decodes one item and refuses whatever would not be encoded to the very same bytes. Never throws. Integers come as
 * `number` where that is exact, else as `bigint`; byte strings are copies.
 */
export function decodeCbor(bytes: Uint8Array): CborDecoded {
  let value: unknown;
  try {
    value = plain(codec.decode(bytes));
  } catch (error) {
    return { ok: false, code: refusalOf(error) };
  }
  // cbor-x accepts much that is malformed, and more that is not canonical: the comparison decides.
  try {
    if (equalBytes(encodeDecoded(value), bytes)) return { ok: true, value };
  } catch {
    // Falls through: what cannot be encoded again is not canonical either.
  }
  return { ok: false, code: "non_canonical" };
}

/** Maps (whose order is not looked at) and tags are not ours, but an envelope that has them at the wrong place is to be explained. */
const encodeDecoded = (value: unknown): Uint8Array =>
  codec.encode(value instanceof Map || value instanceof Tag ? value : shortest(value as CborValue));

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** cbor-x tells its errors apart by their text only. */
function refusalOf(error: unknown): CborRefusal {
  const message = error instanceof Error ? error.message : "";
  if (/data read, but end of buffer/i.test(message)) return "trailing_bytes";
  if (/unexpected end|end of buffer|out of bounds|outside|range/i.test(message)) return "truncated";
  return "malformed";
}
