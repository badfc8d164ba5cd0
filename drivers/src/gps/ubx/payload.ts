/** Reads the little-endian fields of a payload by the names of the interface description: U1, I2, X4 … */
export class Payload {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u1(at: number): number {
    return this.#view.getUint8(at);
  }

  i1(at: number): number {
    return this.#view.getInt8(at);
  }

  u2(at: number): number {
    return this.#view.getUint16(at, true);
  }

  i2(at: number): number {
    return this.#view.getInt16(at, true);
  }

  u4(at: number): number {
    return this.#view.getUint32(at, true);
  }

  i4(at: number): number {
    return this.#view.getInt32(at, true);
  }

  /** Bits `low` to `high` of the byte at `at`. */
  bits(at: number, low: number, high = low): number {
    return (this.u1(at) >> low) & ((1 << (high - low + 1)) - 1);
  }

  flag(at: number, bit: number): boolean {
    return this.bits(at, bit) === 1;
  }

  /** Latin-1 text up to the first zero byte. */
  text(at: number, length: number): string {
    const field = this.#bytes.subarray(at, at + length);
    const end = field.indexOf(0);
    return LATIN1.decode(end < 0 ? field : field.subarray(0, end)).trim();
  }
}

const LATIN1 = new TextDecoder("latin1");

/** An accuracy estimate; receivers send all ones when they know none. */
export function knownU4(value: number): number | undefined {
  return value === 0xffffffff ? undefined : value;
}
