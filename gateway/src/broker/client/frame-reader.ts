/** One MQTT packet with its header. */
export interface Frame {
  bytes: Buffer;
  /** It announced more than is kept: these are its first bytes, the rest is skipped. */
  isCut: boolean;
}

const NOTHING = Buffer.alloc(0);
/** The remaining length: 1 to 4 bytes of 7 bits (MQTT 5.0 §1.5.5, 3.1.1 §2.2.3). */
const MAX_LENGTH_BYTES = 4;

/**
 * Cuts the bytes of a connection, in whatever chunks they come, into MQTT packets. Of a packet with more than `keptBytes`
 * only so many are ever held: who closed the connection instead would be sent the packet again at the next one.
 */
export class FrameReader {
  readonly #keptBytes: number;
  #rest: Buffer = NOTHING;
  #bytesToSkip = 0;

  constructor(keptBytes: number) {
    this.#keptBytes = keptBytes;
  }

  push(chunk: Buffer): void {
    const skipped = Math.min(this.#bytesToSkip, chunk.length);
    this.#bytesToSkip -= skipped;
    const fresh = skipped === 0 ? chunk : chunk.subarray(skipped);
    this.#rest = this.#rest.length === 0 ? fresh : Buffer.concat([this.#rest, fresh]);
  }

  /**
   * The next packet, a view that is good until the next call; `undefined` until more bytes come.
   * @throws {Error} if a length is malformed
   */
  next(): Frame | undefined {
    const length = this.#frameLength();
    if (length === undefined) return undefined;
    const kept = Math.min(length, this.#keptBytes);
    if (this.#rest.length < kept) return undefined;
    const bytes = this.#rest.subarray(0, kept);
    const skipped = Math.min(length, this.#rest.length);
    this.#bytesToSkip = length - skipped;
    this.#rest = skipped === this.#rest.length ? NOTHING : this.#rest.subarray(skipped);
    return { bytes, isCut: kept < length };
  }

  #frameLength(): number | undefined {
    let length = 0;
    for (let at = 0; at < MAX_LENGTH_BYTES; at++) {
      const byte = this.#rest[1 + at];
      if (byte === undefined) return undefined;
      length += (byte & 0x7f) * 2 ** (7 * at);
      if (byte < 0x80) return 2 + at + length;
    }
    throw new Error("The broker sent a malformed packet length");
  }
}
