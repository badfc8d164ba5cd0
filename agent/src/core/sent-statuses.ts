import { BoundedMap } from "@earshot/protocol/runtime";

/** More than wait for a receipt at any time. */
const KEPT = 64;

interface Sent {
  sequence: number;
  elapsedMs: number;
}

/**
 * The status packets published in this session. A receipt names the one that it answers by its id: that shows whether the
 * receipt is old or foreign, whatever the clocks say.
 */
export class SentStatuses {
  /** By packet id, hex, oldest first. */
  readonly #sent = new BoundedMap<string, Sent>(KEPT);
  /** Sequence number of the last status answered: answers to earlier ones are stale. */
  #answered = 0;

  /** Forgets the statuses of the last session. */
  begin(): void {
    this.#sent.clear();
  }

  /** @param elapsedMs at which it was published */
  sent(packetId: string, sequence: number, elapsedMs: number): void {
    this.#sent.set(packetId, { sequence, elapsedMs });
  }

  /** When the answered status was published, or `undefined` when the answer is stale. */
  answered(packetId: string): number | undefined {
    const sent = this.#sent.get(packetId);
    if (sent === undefined || sent.sequence < this.#answered) return undefined;
    this.#answered = sent.sequence;
    return sent.elapsedMs;
  }
}
