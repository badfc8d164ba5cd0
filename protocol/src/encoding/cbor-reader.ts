import { compareBytes } from "./bytes.ts";

/** A tagged item (RFC 8949 §3.4). */
export class CborTag {
  readonly tag: number | bigint;
  readonly value: unknown;

  constructor(tag: number | bigint, value: unknown) {
    this.tag = tag;
    this.value = value;
  }
}

/** Stands for booleans, floats and other simple values, which Earshot does not use. */
export const CBOR_OTHER = Symbol("CBOR float or simple value");

/** Too short; not well-formed; well-formed but not in deterministic encoding; bytes after the item. */
export type CborFormRefusal = "truncated" | "malformed" | "non_canonical" | "trailing_bytes";

type CborItem =
  | {
      ok: true;
      value: unknown;
      /** Whether it has the types of a `CborValue` only. */
      isPlain: boolean;
    }
  | { ok: false; code: CborFormRefusal };

/** More than twice as deep as any packet or message nests; deeper input is `malformed`. */
const MAX_DEPTH = 16;
const INDEFINITE = 31;
const BREAK = 0xff;
const MIN_INT64 = -(2n ** 63n);

/** Thrown inside the reader only and caught in `readCbor`. Made once, so that garbage costs no stack traces. */
class IllFormed extends Error {
  readonly code: "truncated" | "malformed";

  constructor(code: "truncated" | "malformed") {
    super(code);
    this.code = code;
  }
}
const TRUNCATED = new IllFormed("truncated");
const MALFORMED = new IllFormed("malformed");

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the one item that `bytes` are, in one pass that costs no more than their length allows: well-formedness by RFC
 * 8949 §5.3 and appendix C, determinism by §4.2.1 (heads and floats as short as can be, definite lengths, keys of maps
 * in bytewise order, none twice), text in UTF-8. A refusal names the gravest fault. Never throws. Byte strings are copies;
 * integers come as `number` where that is exact, else as `bigint`.
 */
export function readCbor(bytes: Uint8Array): CborItem {
  const reader = new CborReader(bytes);
  try {
    const value = reader.item(0);
    if (reader.at < bytes.length) return { ok: false, code: "trailing_bytes" };
    if (!reader.isDeterministic) return { ok: false, code: "non_canonical" };
    return { ok: true, value, isPlain: reader.isPlain };
  } catch (error) {
    if (error instanceof IllFormed) return { ok: false, code: error.code };
    throw error;
  }
}

class CborReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;
  isDeterministic = true;
  isPlain = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  item(depth: number): unknown {
    const first = this.#byte();
    const info = first & 0x1f;
    switch (first >> 5) {
      case 0:
        return this.#argument(info);
      case 1:
        return this.#negative(this.#argument(info));
      case 2:
        return info === INDEFINITE ? this.#chunks(2) : this.#string(info).slice();
      case 3:
        return info === INDEFINITE ? this.#chunks(3) : this.#text(this.#string(info));
      case 4:
        return this.#array(info, inside(depth));
      case 5:
        return this.#map(info, inside(depth));
      case 6:
        this.isPlain = false;
        return new CborTag(this.#argument(info), this.item(inside(depth)));
      default:
        return this.#simple(info);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw TRUNCATED;
    this.at++;
    return byte;
  }

  /** The number that a head carries (RFC 8949 §3). */
  #argument(info: number): number | bigint {
    if (info < 24) return info;
    if (info > 27) throw MALFORMED;
    const at = this.#skip(1 << (info - 24));
    const value = this.#unsigned(info, at);
    if (value < (info === 24 ? 24 : 2 ** (4 << (info - 24)))) this.isDeterministic = false;
    return value;
  }

  #unsigned(info: number, at: number): number | bigint {
    if (info === 24) return this.#view.getUint8(at);
    if (info === 25) return this.#view.getUint16(at);
    if (info === 26) return this.#view.getUint32(at);
    const high = this.#view.getUint32(at);
    return high < 2 ** 21 ? high * 2 ** 32 + this.#view.getUint32(at + 4) : this.#view.getBigUint64(at);
  }

  /** Skips `length` bytes and returns where they begin. */
  #skip(length: number | bigint): number {
    if (length > this.#bytes.length - this.at) throw TRUNCATED;
    const began = this.at;
    this.at += Number(length);
    return began;
  }

  #negative(argument: number | bigint): number | bigint {
    if (argument < Number.MAX_SAFE_INTEGER) return -1 - Number(argument);
    const value = -1n - BigInt(argument);
    // 64 bits with sign, as `encodeCbor` has it; CBOR itself goes one bit further.
    if (value < MIN_INT64) this.isPlain = false;
    return value;
  }

  #string(info: number): Uint8Array {
    const length = this.#argument(info);
    const began = this.#skip(length);
    return this.#bytes.subarray(began, this.at);
  }

  #text(bytes: Uint8Array): string {
    try {
      return decoder.decode(bytes);
    } catch {
      // Well-formed CBOR by RFC 8949 §5.3.1, but not valid UTF-8: no encoder would write it.
      this.isDeterministic = false;
      return "";
    }
  }

  /** Of an indefinite length: definite strings of the same kind up to a break. */
  #chunks(major: 2 | 3): undefined {
    this.isDeterministic = false;
    while (!this.#atBreak()) {
      const first = this.#byte();
      if (first >> 5 !== major) throw MALFORMED;
      this.#string(first & 0x1f);
    }
  }

  #atBreak(): boolean {
    if (this.#byte() === BREAK) return true;
    this.at--;
    return false;
  }

  /** Calls `read` for each item of an array or pair of a map. */
  #each(info: number, read: () => void): void {
    if (info === INDEFINITE) {
      this.isDeterministic = false;
      while (!this.#atBreak()) read();
      return;
    }
    const count = this.#argument(info);
    for (let i = 0; i < count; i++) read();
  }

  #array(info: number, depth: number): unknown[] {
    const items: unknown[] = [];
    this.#each(info, () => items.push(this.item(depth)));
    return items;
  }

  #map(info: number, depth: number): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    let previous: Uint8Array | undefined;
    this.#each(info, () => {
      const began = this.at;
      const key = this.item(depth);
      if (typeof key !== "string") this.isPlain = false;
      const encoded = this.#bytes.subarray(began, this.at);
      if (previous !== undefined && compareBytes(previous, encoded) >= 0) this.isDeterministic = false;
      previous = encoded;
      map.set(key, this.item(depth));
    });
    return map;
  }

  #simple(info: number): unknown {
    if (info === 22) return null;
    this.isPlain = false;
    if (info === 24) {
      // Those below 32 have a head of one byte, or none (RFC 8949 §3.3).
      if (this.#byte() < 32) throw MALFORMED;
    } else if (info >= 25 && info <= 27) this.#float(info);
    else if (info > 27) throw MALFORMED;
    return CBOR_OTHER;
  }

  #float(info: number): void {
    const at = this.#skip(1 << (info - 24));
    if (info === 25) return;
    const value = info === 26 ? this.#view.getFloat32(at) : this.#view.getFloat64(at);
    if (Number.isNaN(value)) {
      // A NaN's payload bits may need the longer form.
      const carried =
        info === 26 ? this.#view.getUint32(at) & 0x1fff : this.#view.getUint32(at + 4) & 0x1fff_ffff;
      if (carried === 0) this.isDeterministic = false;
      return;
    }
    const shorter = info === 26 ? Math.f16round(value) : Math.fround(value);
    if (value === shorter) this.isDeterministic = false;
  }
}

function inside(depth: number): number {
  if (depth >= MAX_DEPTH) throw MALFORMED;
  return depth + 1;
}
