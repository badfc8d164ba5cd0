export type CborRefusal = "truncated" | "trailing_bytes" | "malformed" | "non_canonical";

export class CborTag {
  readonly tag: number | bigint;
  readonly value: unknown;
  constructor(tag: number | bigint, value: unknown) {
    this.tag = tag;
    this.value = value;
  }
}

export const UNUSED_TYPE = Symbol("CBOR float or simple value");

/** Nothing here nests deeper than 5; deeper input is somebody's try to exhaust the stack. */
const MAX_DEPTH = 16;
/** Smallest argument that needs 1, 2, 4 and 8 bytes. */
export const SMALLEST = [24, 0x100, 0x1_0000, 0x1_0000_0000] as const;

/** `ignoreBOM` keeps a leading U+FEFF, which would otherwise be lost. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Where reading stands; `refusal` ends it. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  refusal: CborRefusal | undefined;
}

/** The first reason stays. */
export function refuse(cursor: Cursor, code: CborRefusal): undefined {
  cursor.refusal ??= code;
}

export function readItem(cursor: Cursor, depth: number): unknown {
  if (depth > MAX_DEPTH) return refuse(cursor, "malformed");
  const initial = cursor.bytes[cursor.at++];
  if (initial === undefined) return refuse(cursor, "truncated");
  const major = initial >> 5;
  if (major === 7) return readSimple(cursor, initial & 31);
  const argument = readArgument(cursor, major, initial & 31);
  if (argument === undefined) return undefined;
  if (major === 0) return argument;
  if (major === 1) return argument < Number.MAX_SAFE_INTEGER ? -1 - Number(argument) : -1n - BigInt(argument);
  if (major === 6) return new CborTag(argument, readItem(cursor, depth + 1));
  // No item is shorter than a byte: what cannot fit is refused before anything is reserved for it.
  if (argument > cursor.bytes.length - cursor.at) return refuse(cursor, "truncated");
  if (major === 4) return readArray(cursor, Number(argument), depth);
  return major === 5 ? readMap(cursor, Number(argument), depth) : readString(cursor, major, Number(argument));
}

/** The number after the initial byte (RFC 8949 §3), in its shortest form. */
function readArgument(cursor: Cursor, major: number, info: number): number | bigint | undefined {
  if (info < 24) return info;
  // 31 begins an indefinite length, which strings, arrays and maps may have in CBOR but not in its deterministic form.
  if (info > 27) return refuse(cursor, info === 31 && major > 1 && major < 6 ? "non_canonical" : "malformed");
  const length = 1 << (info - 24);
  if (cursor.at + length > cursor.bytes.length) return refuse(cursor, "truncated");
  const value = length < 8 ? readUnsigned(cursor, length) : readUnsigned64(cursor);
  return value < (SMALLEST[info - 24] as number) ? refuse(cursor, "non_canonical") : value;
}

function readUnsigned(cursor: Cursor, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + (cursor.bytes[cursor.at++] as number);
  return value;
}

function readUnsigned64(cursor: Cursor): number | bigint {
  const high = readUnsigned(cursor, 4);
  const low = readUnsigned(cursor, 4);
  const value = high * 2 ** 32 + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
}

function readSimple(cursor: Cursor, info: number): typeof UNUSED_TYPE | null | undefined {
  if (info === 22) return null;
  if (info > 27) return refuse(cursor, "malformed");
  const following = info < 24 ? 0 : 1 << (info - 24);
  if (cursor.at + following > cursor.bytes.length) return refuse(cursor, "truncated");
  // Simple values below 32 have no second byte (RFC 8949 §3.3).
  if (info === 24 && (cursor.bytes[cursor.at] as number) < 32) return refuse(cursor, "malformed");
  cursor.at += following;
  return UNUSED_TYPE;
}

function readString(cursor: Cursor, major: number, length: number): Uint8Array | string | undefined {
  const view = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  if (major === 2) return new Uint8Array(view);
  try {
    return decoder.decode(view);
  } catch {
    return refuse(cursor, "malformed");
  }
}

function readArray(cursor: Cursor, length: number, depth: number): unknown[] {
  const items: unknown[] = [];
  while (items.length < length && cursor.refusal === undefined) items.push(readItem(cursor, depth + 1));
  return items;
}

/** Keys in ascending order of their encoding, each once (RFC 8949 §4.2.1). */
function readMap(cursor: Cursor, size: number, depth: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  let previous: string | undefined;
  for (let i = 0; i < size && cursor.refusal === undefined; i++) {
    const from = cursor.at;
    const key = readItem(cursor, depth + 1);
    const encoded = cursor.bytes.subarray(from, cursor.at).toHex();
    if (previous !== undefined && encoded <= previous) refuse(cursor, "non_canonical");
    previous = encoded;
    map.set(key, readItem(cursor, depth + 1));
  }
  return map;
}
