// Without the native half of cbor-x: some inputs of eight bytes overflow its 32-bit position, and it never returns.
import { Encoder } from "cbor-x/index-no-eval";
import { compareBytes, utf8 } from "./bytes.ts";
import { type CborFormRefusal, readCbor } from "./cbor-reader.ts";

/**
 * The CBOR types that Earshot uses: integers from -2^63 to 2^64-1, byte strings, text, null, and arrays and maps of
 * them; keys of maps are text. No floats.
 */
export type CborValue = number | bigint | Uint8Array | string | null | readonly CborValue[] | CborMap;
type CborMap = ReadonlyMap<string, CborValue>;

/** `wrong_type`: CBOR in deterministic encoding, but of other types. */
export type CborRefusal = CborFormRefusal | "wrong_type";
type CborDecoded = { ok: true; value: CborValue } | { ok: false; code: CborRefusal };

const encoder = new Encoder({
  useRecords: false,
  tagUint8Array: false,
  variableMapSize: true,
  mapsAsObjects: false,
});

const MAX_UINT32 = 0xffff_ffff;
const MIN_INT33 = -0x1_0000_0000;
const MAX_UINT64 = 2n ** 64n - 1n;
/** The least that cbor-x encodes; CBOR itself goes to -2^64. */
const MIN_INT64 = -(2n ** 63n);

/**
 * Deterministic encoding (RFC 8949 §4.2) by cbor-x, of values that `shortest` has prepared for it.
 * @throws {RangeError} on a number that is not a safe integer, a bigint beyond 64 bits or text with lone surrogates
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const bytes = encoder.encode(shortest(value));
  // A copy: cbor-x returns parts of one large buffer, which a packet in memory would keep alive.
  return new Uint8Array(bytes);
}

/** cbor-x writes numbers beyond 32 bits as floats and every bigint as nine bytes. */
function shortest(value: CborValue): unknown {
  if (Array.isArray(value)) return value.map(shortest);
  if (value instanceof Map) return sortedMap(value);
  if (typeof value === "string") return wellFormed(value);
  return typeof value === "number" || typeof value === "bigint" ? shortestInteger(value) : value;
}

function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new RangeError(`Cannot encode ${JSON.stringify(text)}: a lone surrogate`);
}

/** Keys in bytewise order of their encodings (RFC 8949 §4.2.1): shorter ones first. */
function sortedMap(map: CborMap): Map<string, unknown> {
  const entries = [...map].map(([key, value]) => ({ key, value, bytes: utf8(wellFormed(key)) }));
  entries.sort((a, b) => a.bytes.length - b.bytes.length || compareBytes(a.bytes, b.bytes));
  return new Map(entries.map(({ key, value }) => [key, shortest(value)]));
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
 * Reads one item of these types in deterministic encoding (`readCbor`) and refuses everything else. Never throws.
 * Integers come as `number` where that is exact, else as `bigint`; byte strings are copies.
 */
export function decodeCbor(bytes: Uint8Array): CborDecoded {
  const item = readCbor(bytes);
  if (!item.ok) return item;
  return item.isPlain ? { ok: true, value: item.value as CborValue } : { ok: false, code: "wrong_type" };
}
