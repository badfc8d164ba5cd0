import { type ByteLink, LinkLostError } from "../driver.ts";
import { ObservedQueue } from "./observed-queue.ts";

export interface MemoryLinkOptions {
  /** Chunks held while nobody reads; beyond it the oldest is lost, as in a UART overrun. */
  capacity?: number;
  /** Called with every write: what a device that answers is made of. */
  onWrite?: (bytes: Uint8Array, link: MemoryLink) => void;
}

/** A byte link without a device: the test is the device. */
export class MemoryLink implements ByteLink {
  /** Everything written, in order. */
  readonly written: Uint8Array[] = [];
  /** How often `close()` was called. */
  closeCalls = 0;
  readonly #received: ObservedQueue<Uint8Array>;
  readonly #onWrite: (bytes: Uint8Array, link: MemoryLink) => void;

  constructor(options: MemoryLinkOptions = {}) {
    this.#received = new ObservedQueue({
      capacity: options.capacity ?? 65_536,
      onLeave: async () => this.#received.end(),
    });
    this.#onWrite = options.onWrite ?? (() => {});
  }

  /** Chunks lost because nobody read them. */
  get overruns(): number {
    return this.#received.dropped;
  }

  /** The device sends `bytes` in one piece. */
  push(bytes: Uint8Array): void {
    this.#received.push(bytes);
  }

  /** The device sends `bytes` in pieces of `pieceBytes`. */
  pushSplit(bytes: Uint8Array, pieceBytes: number): void {
    for (let at = 0; at < bytes.length; at += pieceBytes) this.push(bytes.subarray(at, at + pieceBytes));
  }

  /** The reader gets what was sent, then a `LinkLostError`. */
  lose(message = "Lost the memory link"): void {
    this.#received.fail(new LinkLostError(message));
  }

  /** Resolves once the reader has dealt with everything pushed so far, or the link ended. */
  drained(): Promise<void> {
    return this.#received.drained();
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#received.ended) throw new LinkLostError("Cannot write: the memory link is closed");
    this.written.push(bytes.slice());
    this.#onWrite(bytes, this);
  }

  async close(): Promise<void> {
    this.closeCalls += 1;
    this.#received.end();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this.#received[Symbol.asyncIterator]();
  }
}
