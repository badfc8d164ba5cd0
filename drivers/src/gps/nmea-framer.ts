/**
 * Finds NMEA 0183 sentences in a stream of anything.
 *
 *     $ GPGGA , field , field … * 4 7 CR LF
 *     |  address                | checksum: exclusive or of the bytes between $ and *
 *
 * Sentences without a checksum are refused: on a serial line nothing else protects a position. Binary protocols in
 * between (UBX, RTCM, SiRF) are skipped and counted. A sentence is complete with its checksum, without waiting for
 * the line end.
 */
export class NmeaFramer {
  /** Sentences whose checksum failed, or that were cut off after their address. */
  badFrames = 0;
  /** Bytes outside of sentences, line ends apart. */
  garbageBytes = 0;
  readonly #buffer: Uint8Array;
  /** Bytes of the sentence so far, from the `$`; 0 between sentences. */
  #length = 0;
  #starAt = -1;

  /** The standard allows 82 bytes; receivers with many satellites exceed it. */
  constructor(maxSentenceBytes = 256) {
    if (!Number.isInteger(maxSentenceBytes) || maxSentenceBytes < 82) {
      throw new RangeError(`Longest sentence is ${maxSentenceBytes}; allowed are whole numbers from 82`);
    }
    this.#buffer = new Uint8Array(maxSentenceBytes);
  }

  /** Bytes buffered while a sentence is incomplete. */
  get heldBytes(): number {
    return this.#length;
  }

  /** The good sentences that end in `bytes`, from the address to before the `*`. */
  push(bytes: Uint8Array): string[] {
    const sentences: string[] = [];
    for (const byte of bytes) {
      const sentence = this.#step(byte);
      if (sentence !== undefined) sentences.push(sentence);
    }
    return sentences;
  }

  #step(byte: number): string | undefined {
    if (byte === DOLLAR) {
      this.#abandon();
      this.#append(byte);
    } else if (this.#length === 0) {
      if (byte !== CR && byte !== LF) this.garbageBytes += 1;
    } else if (byte < 0x20 || byte > 0x7e || this.#length === this.#buffer.length) {
      this.#abandon();
      if (byte !== CR && byte !== LF) this.garbageBytes += 1;
    } else {
      return this.#inside(byte);
    }
    return undefined;
  }

  #inside(byte: number): string | undefined {
    if (byte === STAR && this.#starAt < 0) this.#starAt = this.#length;
    this.#append(byte);
    return this.#starAt >= 0 && this.#length === this.#starAt + 3 ? this.#complete() : undefined;
  }

  #append(byte: number): void {
    this.#buffer[this.#length] = byte;
    this.#length += 1;
  }

  #complete(): string | undefined {
    let checksum = 0;
    for (const byte of this.#buffer.subarray(1, this.#starAt)) checksum ^= byte;
    const reported = hexByte(this.#buffer[this.#starAt + 1], this.#buffer[this.#starAt + 2]);
    const text = ASCII.decode(this.#buffer.subarray(1, this.#starAt));
    this.#reset();
    if (reported === checksum) return text;
    this.badFrames += 1;
    return undefined;
  }

  /** Gives up the sentence begun. No sentence can begin inside it, since every `$` begins one. */
  #abandon(): void {
    if (this.#buffer.subarray(0, this.#length).includes(COMMA)) this.badFrames += 1;
    this.garbageBytes += this.#length;
    this.#reset();
  }

  #reset(): void {
    this.#length = 0;
    this.#starAt = -1;
  }
}

const ASCII = new TextDecoder("latin1");
const [DOLLAR, STAR, COMMA, CR, LF] = [0x24, 0x2a, 0x2c, 0x0d, 0x0a];

/** The byte that two hex digits stand for, or -1. */
function hexByte(high = 0, low = 0): number {
  const text = String.fromCharCode(high, low);
  return /^[0-9A-Fa-f]{2}$/.test(text) ? Number.parseInt(text, 16) : -1;
}
