/** More than are on the way at any time. */
const KEPT = 64;

interface Sent {
  sequence: number;
  elapsedMs: number;
}

/**
 * The status packets published in this session. A receipt answers one of them by its id, so what is old or was made for
 * somebody else is told by that, whatever the clocks say.
 */
export class SentStatuses {
  /** By packet id, hex, oldest first. */
  readonly #sent = new Map<string, Sent>();
  /** Answers to statuses before this one are stale; their numbers ascend. */
  #answered = 0;

  /** A session begins: what was answered in an earlier one is past. */
  begin(): void {
    this.#sent.clear();
  }

  /** @param elapsedMs at which it was published */
  sent(packetId: string, sequence: number, elapsedMs: number): void {
    this.#sent.set(packetId, { sequence, elapsedMs });
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > KEPT && oldest !== undefined) this.#sent.delete(oldest);
  }

  /** When the answered status was published, or `undefined` when the answer is stale. */
  answered(packetId: string): number | undefined {
    const sent = this.#sent.get(packetId);
    if (sent === undefined || sent.sequence < this.#answered) return undefined;
    this.#answered = sent.sequence;
    return sent.elapsedMs;
  }
}
