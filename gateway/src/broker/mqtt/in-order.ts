/**
 * Acknowledges messages in the order in which they came (MQTT 5.0 §4.6), each once it and all before it are done. The ids
 * that become due in one turn are acknowledged together.
 */
export class InOrder {
  readonly #acknowledge: (messageIds: number[]) => void;
  #entries: { messageId: number; isDone: boolean }[] = [];
  #isFlushing = false;

  constructor(acknowledge: (messageIds: number[]) => void) {
    this.#acknowledge = acknowledge;
  }

  /** What came and is not acknowledged. */
  get waiting(): number {
    return this.#entries.length;
  }

  /**
   * @param messageId 0 for what needs no acknowledgement, and still counts as waiting until it is done
   * @returns to be called when it is done
   */
  add(messageId: number): () => void {
    const entry = { messageId, isDone: false };
    this.#entries.push(entry);
    return () => {
      entry.isDone = true;
      if (this.#isFlushing) return;
      this.#isFlushing = true;
      // What one transaction stored is done within one turn.
      queueMicrotask(() => this.#flush());
    };
  }

  #flush(): void {
    this.#isFlushing = false;
    const open = this.#entries.findIndex(({ isDone }) => !isDone);
    const done = this.#entries.splice(0, open < 0 ? this.#entries.length : open);
    if (done.length === 0) return;
    this.#acknowledge(done.map(({ messageId }) => messageId).filter((messageId) => messageId !== 0));
  }
}
