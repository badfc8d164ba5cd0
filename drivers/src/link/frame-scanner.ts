/** What stands at the start of the buffered bytes: a whole good frame's length, or one of these. */
export const INCOMPLETE = 0;
export const NO_FRAME = -1;
/** Begins as a frame does, and is damaged. */
export const BAD_FRAME = -2;

/** How a kind of binary frame is recognised. */
export interface FrameFormat {
  /** Most bytes of a frame: the most that is buffered. */
  maxBytes: number;
  /** @param bytes at least one; a format that answers `INCOMPLETE` to `maxBytes` bytes never ends */
  measure(bytes: Uint8Array): number;
}

/** Cuts frames of one format out of a stream of anything; a damaged one costs one byte, so none behind it is lost. */
export class FrameScanner {
  badFrames = 0;
  garbageBytes = 0;
  readonly #format: FrameFormat;
  readonly #buffer: Uint8Array;
  #held = 0;

  constructor(format: FrameFormat) {
    this.#format = format;
    this.#buffer = new Uint8Array(format.maxBytes);
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** The good frames that end in `bytes`, whole. */
  push(bytes: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.#buffer.length - this.#held);
      this.#buffer.set(part, this.#held);
      this.#held += part.length;
      at += part.length;
      this.#scan(frames);
    }
    return frames;
  }

  #scan(frames: Uint8Array[]): void {
    let at = 0;
    while (at < this.#held) {
      const length = this.#measure(this.#buffer.subarray(at, this.#held));
      if (length === INCOMPLETE) break;
      if (length > 0) {
        frames.push(this.#buffer.slice(at, at + length));
      } else {
        this.garbageBytes += 1;
        if (length === BAD_FRAME) this.badFrames += 1;
      }
      at += Math.max(1, length);
    }
    this.#buffer.copyWithin(0, at, this.#held);
    this.#held -= at;
  }

  /** A full buffer that still looks incomplete has no frame. */
  #measure(bytes: Uint8Array): number {
    const length = this.#format.measure(bytes);
    return length === INCOMPLETE && bytes.length >= this.#format.maxBytes ? BAD_FRAME : length;
  }
}
