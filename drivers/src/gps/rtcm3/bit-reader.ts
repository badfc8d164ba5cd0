/**
 * Reads fields of any number of bits, most significant bit first, as RTCM messages are packed.
 *
 * Reading behind the end gives zeros and sets `truncated`: check it once, after the last field.
 */
export class BitReader {
  truncated = false;
  readonly #bytes: Uint8Array;
  #bit = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bits not read yet. */
  get left(): number {
    return this.#bytes.length * 8 - this.#bit;
  }

  /** An unsigned number of `bits` bits, 0 to 53. */
  unsigned(bits: number): number {
    if (bits > this.left) {
      this.truncated = true;
      this.skip(this.left);
      return 0;
    }
    let value = 0;
    for (let missing = bits; missing > 0; ) {
      const held = 8 - (this.#bit & 7);
      const taken = Math.min(held, missing);
      const byte = this.#bytes[this.#bit >> 3] ?? 0;
      // Multiplied, not shifted: coordinates have 38 bits.
      value = value * 2 ** taken + ((byte >> (held - taken)) & (2 ** taken - 1));
      this.#bit += taken;
      missing -= taken;
    }
    return value;
  }

  /** A two's complement number of `bits` bits, 1 to 53. */
  signed(bits: number): number {
    const value = this.unsigned(bits);
    return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
  }

  flag(): boolean {
    return this.unsigned(1) === 1;
  }

  /** Numbers of the bits that are set among the next `bits`, the first bit being 1. */
  mask(bits: number): number[] {
    const set: number[] = [];
    for (let number = 1; number <= bits; number += 1) if (this.flag()) set.push(number);
    return set;
  }

  /** `count` bytes as Latin-1 text; the standard allows ISO 8859-1 in descriptors. */
  text(count: number): string {
    return String.fromCharCode(...Array.from({ length: count }, () => this.unsigned(8)));
  }

  skip(bits: number): void {
    if (bits > this.left) this.truncated = true;
    this.#bit += Math.min(bits, this.left);
  }
}
