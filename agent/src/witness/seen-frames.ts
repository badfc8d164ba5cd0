/** Remembers the latest frames by their bytes, so that a frame heard twice is witnessed once. */
export class SeenFrames {
  readonly #capacity: number;
  readonly #keys = new Set<string>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether these bytes were seen before; from now on they were. */
  isRepeated(bytes: Uint8Array): boolean {
    const key = bytes.toHex();
    if (this.#keys.has(key)) return true;
    this.#keys.add(key);
    if (this.#keys.size > this.#capacity) {
      const [oldest] = this.#keys;
      if (oldest !== undefined) this.#keys.delete(oldest);
    }
    return false;
  }
}
