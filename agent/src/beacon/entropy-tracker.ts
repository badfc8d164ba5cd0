import {
  type Entropy,
  entropyHash,
  entropyMessage,
  equalBytes,
  type MessageRefusal,
} from "@earshot/protocol/hotspot";

export type EntropyAnswer =
  /** `chained`: it names the one before it by hash; `undefined` when that one was not seen. */
  | { ok: true; entropy: Entropy; chained: boolean | undefined }
  | { ok: false; code: MessageRefusal | "wrong_index" | "old" };

/** Takes the network's entropy messages in, checks each, and keeps the latest. */
export class EntropyTracker {
  readonly #network: string;
  readonly #networkKey: Uint8Array;
  #latest: Entropy | undefined;

  constructor(network: string, networkKey: Uint8Array) {
    this.#network = network;
    this.#networkKey = networkKey;
  }

  get latest(): Entropy | undefined {
    return this.#latest;
  }

  /** @param nowMs of this machine's clock */
  accept(bytes: Uint8Array, nowMs: number): EntropyAnswer {
    const opened = entropyMessage.open(bytes, this.#network, this.#networkKey);
    if (!opened.ok) return opened;
    const entropy = opened.value;
    if (Math.floor(entropy.atMs / entropy.periodMs) !== entropy.index)
      return { ok: false, code: "wrong_index" };
    const before = this.#latest;
    if (before !== undefined && entropy.index <= before.index && !isNearer(entropy, before, nowMs)) {
      return { ok: false, code: "old" };
    }
    this.#latest = entropy;
    const isNext = before !== undefined && entropy.index === before.index + 1;
    const chained = isNext ? equalBytes(entropy.previousHash, entropyHash(before)) : undefined;
    return { ok: true, entropy, chained };
  }
}

/**
 * Whether the latest lies in the future and this one does less: the network's clock was ahead for a while, and what it
 * published then must not stop us until that time has come.
 */
const isNearer = (entropy: Entropy, latest: Entropy, nowMs: number): boolean =>
  latest.atMs - nowMs > latest.periodMs && Math.abs(entropy.atMs - nowMs) < latest.atMs - nowMs;
