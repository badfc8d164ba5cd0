/** One MQTT packet with its header. */
export interface Frame {
  bytes: Buffer;
  /** It announced more than is kept: these are its first bytes, the rest is skipped. */
  isCut: boolean;
}

/** What the other side sent is no MQTT, or larger than is taken. */
export class FrameError extends Error {
  readonly code: "malformed" | "packet_too_large";

  constructor(code: FrameError["code"]) {
    super(`What was sent is ${code === "malformed" ? "a malformed packet length" : "too large a packet"}`);
    this.code = code;
  }
}

const NOTHING = Buffer.alloc(0);
/** The remaining length: 1 to 4 bytes of 7 bits (MQTT 5.0 §1.5.5, 3.1.1 §2.2.3). */
const MAX_LENGTH_BYTES = 4;

/**
 * Cuts the bytes of a connection, in whatever chunks they come, into MQTT packets. Of a packet with more than `keptBytes`
 * no more are ever held. A broker's packet is cut there: if the gateway closed the connection instead, the broker would
 * send it again. A client's is refused by the length that it announces.
 */
export class FrameReader {
  readonly #keptBytes: number;
  readonly #beyond: "cut" | "refuse";
  #rest: Buffer = NOTHING;
  #bytesToSkip = 0;

  constructor(keptBytes: number, beyond: "cut" | "refuse") {
    this.#keptBytes = keptBytes;
    this.#beyond = beyond;
  }

  /** Bytes that wait for the rest of their packet, or for `next`. */
  get heldBytes(): number {
    return this.#rest.length;
  }

  /** Worth it before waiting: a few bytes left would hold on to the whole chunk that they came in. */
  compact(): void {
    if (this.#rest.length * 2 < this.#rest.buffer.byteLength) this.#rest = Buffer.copyBytesFrom(this.#rest);
  }

  push(chunk: Buffer): void {
    const skipped = Math.min(this.#bytesToSkip, chunk.length);
    this.#bytesToSkip -= skipped;
    const fresh = skipped === 0 ? chunk : chunk.subarray(skipped);
    this.#rest = this.#rest.length === 0 ? fresh : Buffer.concat([this.#rest, fresh]);
  }

  /**
   * The next packet, a view that is good until the next call; `undefined` until more bytes come.
   * @throws {FrameError}
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
      if (this.#beyond === "refuse" && 2 + at + length > this.#keptBytes) {
        throw new FrameError("packet_too_large");
      }
      if (byte < 0x80) return 2 + at + length;
    }
    throw new FrameError("malformed");
  }
}
