/** What `FrameGuard.accepts` looks at: bytes as they come, in any chunking. */
type State =
  | { kind: "type" }
  | { kind: "length"; value: number; shift: number }
  | { kind: "body"; left: number };

/**
 * Follows the fixed headers of MQTT packets (MQTT 3.1.1 §2.2: type, then remaining length in 1 to 4 bytes of 7 bits)
 * and refuses a packet by its announced length, before anybody buffers it. Aedes has no such limit.
 */
export class FrameGuard {
  readonly #maxBytes: number;
  #state: State = { kind: "type" };

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False as soon as a packet larger than the limit, or a malformed length, is announced. */
  accepts(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      const state = this.#state;
      if (state.kind === "body") {
        const taken = Math.min(state.left, chunk.length - at);
        at += taken;
        this.#enterBody(state.left - taken);
      } else {
        const byte = chunk[at++] as number;
        if (state.kind === "type") this.#state = { kind: "length", value: 0, shift: 0 };
        else if (!this.#acceptsLength(state, byte)) return false;
      }
    }
    return true;
  }

  #acceptsLength({ value, shift }: { value: number; shift: number }, byte: number): boolean {
    const sum = value + (byte & 0x7f) * 2 ** shift;
    if (sum > this.#maxBytes || (shift === 21 && byte & 0x80)) return false;
    if (byte & 0x80) this.#state = { kind: "length", value: sum, shift: shift + 7 };
    else this.#enterBody(sum);
    return true;
  }

  #enterBody(left: number): void {
    this.#state = left === 0 ? { kind: "type" } : { kind: "body", left };
  }
}
