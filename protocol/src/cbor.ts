/*
 * CBOR (RFC 8949) in its deterministic form (§4.2) and nothing else, so that one value has one encoding and whatever
 * is accepted encodes again to the very same bytes. General libraries accept much more (longer heads, floats for
 * integers, malformed input) and differ between engines in what they call it; tests compare with one of them.
 */

import { type CborRefusal, type Cursor, readItem, refuse, SMALLEST } from "./cbor-reader.ts";

export type { CborRefusal };

/** What Earshot's wire format is made of: arrays of integers, byte strings, text, null. No maps, no floats. */
export type CborValue = number | bigint | Uint8Array | string | null | readonly CborValue[];

/**
 * Integers are `number` where that is exact, else `bigint`; byte strings are copies; maps are `Map`, tags `CborTag`.
 * Floats and simple values but null are well formed and of no use here: each comes out as the symbol `UNUSED_TYPE`.
 */
export type CborDecoded = { ok: true; value: unknown } | { ok: false; code: CborRefusal };

const MAX_ARGUMENT = 2n ** 64n - 1n;
const encoder = new TextEncoder();

/** @throws {RangeError} on a number that is not a safe integer, a bigint beyond 64 bits or text with lone surrogates */
export function encodeCbor(value: CborValue): Uint8Array {
  const out: number[] = [];
  write(out, value);
  return Uint8Array.from(out);
}

function write(out: number[], value: CborValue): void {
  if (value === null) out.push(0xf6);
  else if (typeof value === "number" || typeof value === "bigint") writeInteger(out, value);
  else if (typeof value === "string") writeString(out, 3, textBytes(value));
  else if (value instanceof Uint8Array) writeString(out, 2, value);
  else {
    writeHead(out, 4, value.length);
    for (const item of value) write(out, item);
  }
}

function textBytes(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new RangeError(`Cannot encode ${JSON.stringify(text)}: a lone surrogate`);
  return encoder.encode(text);
}

function writeString(out: number[], major: number, bytes: Uint8Array): void {
  writeHead(out, major, bytes.length);
  for (const byte of bytes) out.push(byte);
}

function writeInteger(out: number[], value: number | bigint): void {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RangeError(`Cannot encode ${value}: not a safe integer`);
  }
  if (value >= 0) writeHead(out, 0, value);
  else writeHead(out, 1, typeof value === "bigint" ? -1n - value : -1 - value);
}

function writeHead(out: number[], major: number, argument: number | bigint): void {
  if (argument > MAX_ARGUMENT) throw new RangeError(`Cannot encode ${argument}: beyond 64 bits`);
  let longer = 0;
  while (longer < SMALLEST.length && argument >= (SMALLEST[longer] as number)) longer++;
  if (longer === 0) {
    out.push((major << 5) | Number(argument));
    return;
  }
  out.push((major << 5) | (23 + longer));
  if (longer < 4) {
    writeLowBytes(out, Number(argument), 1 << (longer - 1));
    return;
  }
  writeLowBytes(out, Number(BigInt(argument) >> 32n), 4);
  writeLowBytes(out, Number(BigInt(argument) & 0xffff_ffffn), 4);
}

function writeLowBytes(out: number[], value: number, count: number): void {
  for (let shift = 8 * (count - 1); shift >= 0; shift -= 8) out.push((value >>> shift) & 0xff);
}

/** Decodes exactly one item. Never throws. */
export function decodeCbor(bytes: Uint8Array): CborDecoded {
  const cursor: Cursor = { bytes, at: 0, refusal: undefined };
  const value = readItem(cursor, 0);
  if (cursor.refusal === undefined && cursor.at < bytes.length) refuse(cursor, "trailing_bytes");
  return cursor.refusal === undefined ? { ok: true, value } : { ok: false, code: cursor.refusal };
}
