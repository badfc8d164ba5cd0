const LF = 0x0a;
const UTF8 = new TextDecoder();

/** Cuts a stream into lines that end in LF (CR LF too). A line longer than the limit is skipped whole and counted. */
export class LineFramer {
  /** Bytes of lines that were too long. */
  garbageBytes = 0;
  readonly #maxLineBytes: number;
  #buffer = new Uint8Array(256);
  #length = 0;
  #skipping = false;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** The lines that end in `bytes`, without their ends; empty lines are left out. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
      this.#append(bytes.subarray(from, end));
      lines.push(...this.#complete());
      from = end + 1;
    }
    this.#append(bytes.subarray(from));
    return lines;
  }

  #append(bytes: Uint8Array): void {
    if (this.#skipping || this.#length + bytes.length > this.#maxLineBytes) {
      this.garbageBytes += this.#length + bytes.length;
      this.#length = 0;
      this.#skipping = true;
      return;
    }
    this.#grow(this.#length + bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #complete(): string[] {
    const line = UTF8.decode(this.#buffer.subarray(0, this.#length)).trim();
    this.#length = 0;
    this.#skipping = false;
    return line === "" ? [] : [line];
  }

  #grow(needed: number): void {
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.min(this.#maxLineBytes, Math.max(needed, this.#buffer.length * 2)));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
