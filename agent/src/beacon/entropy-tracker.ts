import {
  type ClockReading,
  type Entropy,
  entropyHash,
  entropyMessage,
  equalBytes,
  type MessageRefusal,
  type Signatories,
} from "@earshot/protocol/hotspot";

type EntropyAnswer =
  /**
   * `chained`: it names the one before it by hash; `undefined` when that one was not seen. `insteadOf`: the index of the
   * one before it, whose time has not come. `aheadMs`: by how much more the network's time went on than time passed since
   * that one came; 0 for the first.
   */
  | { ok: true; entropy: Entropy; chained: boolean | undefined; insteadOf?: number; aheadMs: number }
  | { ok: false; code: MessageRefusal | "wrong_index" | "unproven" }
  /** Nothing is wrong with it, but a later one is known. */
  | { ok: false; code: "old"; entropy: Entropy };

/** Whether a value is proven as it should be; takes some 10 ms where a signature is checked. */
export type EntropyCheck = (entropy: Entropy) => boolean;

/**
 * Checks the network's entropy messages and keeps the latest. A network whose clock was ahead may have signed one of the
 * future. It is replaced by one that is nearer to this machine's clock or, in case that clock is wrong too, by messages
 * that follow each other live, period by period.
 */
export class EntropyTracker {
  readonly #network: string;
  readonly #keys: Uint8Array | Signatories;
  readonly #check: EntropyCheck | undefined;
  #latest: Entropy | undefined;
  #latestElapsedMs = 0;
  /** The last one refused as old, and when it came by the monotonic clock. */
  #old: { entropy: Entropy; elapsedMs: number } | undefined;

  /**
   * @param keys the network's, or its only one
   * @param check absent: values are taken on the network's word
   */
  constructor(network: string, keys: Uint8Array | Signatories, check?: EntropyCheck) {
    this.#network = network;
    this.#keys = keys;
    this.#check = check;
  }

  get latest(): Entropy | undefined {
    return this.#latest;
  }

  accept(bytes: Uint8Array, present: ClockReading): EntropyAnswer {
    const opened = entropyMessage.open(bytes, this.#network, this.#keys);
    if (!opened.ok) return opened;
    const entropy = opened.value;
    if (Math.floor(entropy.atMs / entropy.periodMs) !== entropy.index)
      return { ok: false, code: "wrong_index" };
    const before = this.#latest;
    const isBehind = before !== undefined && entropy.index <= before.index;
    if (isBehind && !isNearer(entropy, before, present.nowMs) && !this.#continuesBehind(entropy, present)) {
      return { ok: false, code: "old", entropy };
    }
    if (this.#check?.(entropy) === false) return { ok: false, code: "unproven" };
    const passedMs = present.elapsedMs - this.#latestElapsedMs;
    const aheadMs = before === undefined ? 0 : entropy.atMs - before.atMs - passedMs;
    this.#latest = entropy;
    this.#latestElapsedMs = present.elapsedMs;
    this.#old = undefined;
    const isNext = before !== undefined && entropy.index === before.index + 1;
    const chained = isNext ? equalBytes(entropy.previousHash, entropyHash(before)) : undefined;
    return { ok: true, entropy, chained, aheadMs, ...(isBehind && { insteadOf: before.index }) };
  }

  /** Whether the network continues there, live: this message follows the one refused before, a period later. */
  #continuesBehind(entropy: Entropy, { elapsedMs }: ClockReading): boolean {
    const old = this.#old;
    if (old?.entropy.index === entropy.index) return false;
    this.#old = { entropy, elapsedMs };
    if (old === undefined || entropy.index !== old.entropy.index + 1) return false;
    const isLive = elapsedMs - old.elapsedMs >= entropy.periodMs / 2;
    return isLive && equalBytes(entropy.previousHash, entropyHash(old.entropy));
  }
}

/**
 * Whether the latest is in the future and this one is nearer to now: the network's clock was ahead for a while, and what
 * it published then must not block later entropy until that time has come.
 */
const isNearer = (entropy: Entropy, latest: Entropy, nowMs: number): boolean =>
  latest.atMs - nowMs > latest.periodMs && Math.abs(entropy.atMs - nowMs) < latest.atMs - nowMs;
