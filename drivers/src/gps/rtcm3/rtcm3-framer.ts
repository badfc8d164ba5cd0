import { crc24q } from "./crc24q.ts";

const PREAMBLE = 0xd3;
const HEADER_BYTES = 3;
const CRC_BYTES = 3;

/** Ten bits of length, header and checksum: the most that the framer buffers. */
export const MAX_RTCM3_FRAME_BYTES = HEADER_BYTES + 1023 + CRC_BYTES;

/**
 * Finds RTCM 3 frames in a stream of anything.
 *
 *     1101 0011 | 0000 00 | LL LLLL LLLL | message, LL… bytes | CRC-24Q, 24 bits, of all before
 *     preamble  | reserved| length       |
 *
 * A frame that fails costs one byte: the search goes on behind its preamble, so a preamble in NMEA or UBX never
 * swallows the frame behind it. It delays it, until the bytes that the false length claims have come, or `finish()`.
 */
export class Rtcm3Framer {
  /** Frames begun by a good header whose checksum failed, or that were cut off by the end. */
  badFrames = 0;
  /** Bytes that belong to no good frame. */
  garbageBytes = 0;
  readonly #buffer = new Uint8Array(MAX_RTCM3_FRAME_BYTES);
  #length = 0;

  /** Bytes buffered while a frame is incomplete. */
  get heldBytes(): number {
    return this.#length;
  }

  /** The messages of the good frames that end in `bytes`, without header and checksum. */
  push(bytes: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (const byte of bytes) {
      if (this.#length === 0 && byte !== PREAMBLE) {
        this.garbageBytes += 1;
        continue;
      }
      this.#buffer[this.#length] = byte;
      this.#length += 1;
      if (this.#length === 2 || this.#length >= this.#frameBytes()) this.#settle(messages);
    }
    return messages;
  }

  /** No more bytes will come: the good frames behind a false preamble, if any. */
  finish(): Uint8Array[] {
    const messages: Uint8Array[] = [];
    while (this.#length > 0) {
      this.#refuse();
      this.#settle(messages);
    }
    return messages;
  }

  /** Accepts and refuses until what is buffered is an incomplete frame, or nothing. */
  #settle(messages: Uint8Array[]): void {
    while (this.#length > 0) {
      if (!this.#mayBeHeader()) this.#drop(1);
      else if (this.#length < this.#frameBytes()) return;
      else this.#checkFrame(messages);
    }
  }

  #checkFrame(messages: Uint8Array[]): void {
    const frameBytes = this.#frameBytes();
    if (crc24q(this.#buffer.subarray(0, frameBytes)) !== 0) {
      this.#refuse();
      return;
    }
    messages.push(this.#buffer.slice(HEADER_BYTES, frameBytes - CRC_BYTES));
    this.#shift(frameBytes);
  }

  /** The six bits behind the preamble are reserved, and 0 in all messages so far. */
  #mayBeHeader(): boolean {
    const [first, second = 0] = this.#buffer;
    return first === PREAMBLE && (this.#length < 2 || (second & 0xfc) === 0);
  }

  /** Bytes of the frame begun: more than are held as long as its header is not whole. */
  #frameBytes(): number {
    const [, high = 0, low = 0] = this.#buffer;
    return HEADER_BYTES + (((high & 0x03) << 8) | low) + CRC_BYTES;
  }

  #refuse(): void {
    if (this.#length >= 2) this.badFrames += 1;
    this.#drop(1);
  }

  /** Skips `count` bytes, and then to the next preamble. */
  #drop(count: number): void {
    const next = this.#buffer.subarray(0, this.#length).indexOf(PREAMBLE, count);
    const skipped = next === -1 ? this.#length : next;
    this.garbageBytes += skipped;
    this.#shift(skipped);
  }

  #shift(count: number): void {
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
  }
}
