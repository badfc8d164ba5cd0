/** Writes the little-endian fields of a payload; the counterpart of `Payload`. Fields not written are zero. */
export class PayloadWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  u1(at: number, value: number): this {
    this.#view.setUint8(at, value);
    return this;
  }

  i1(at: number, value: number): this {
    this.#view.setInt8(at, value);
    return this;
  }

  u2(at: number, value: number): this {
    this.#view.setUint16(at, value, true);
    return this;
  }

  i2(at: number, value: number): this {
    this.#view.setInt16(at, value, true);
    return this;
  }

  u4(at: number, value: number): this {
    this.#view.setUint32(at, value, true);
    return this;
  }

  i4(at: number, value: number): this {
    this.#view.setInt32(at, value, true);
    return this;
  }

  text(at: number, value: string): this {
    this.bytes.set(
      Uint8Array.from(value, (character) => character.charCodeAt(0)),
      at,
    );
    return this;
  }
}
