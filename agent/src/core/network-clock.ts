import { deadlinesOf, type Entropy, windowOf } from "@earshot/protocol/hotspot";

/**
 * The network's own time, from its latest entropy and what the monotonic clock counted since: this machine's clock plays
 * no part. Entropy takes a while to arrive, so this is the network's time or a little less, never more.
 */
export class NetworkClock {
  #latest: { entropy: Entropy; elapsedMs: number } | undefined;

  update(entropy: Entropy, elapsedMs: number): void {
    this.#latest = { entropy, elapsedMs };
  }

  /** ms since the Unix epoch; `undefined` until an entropy has come. */
  now(elapsedMs: number): number | undefined {
    if (this.#latest === undefined) return undefined;
    return this.#latest.entropy.atMs + elapsedMs - this.#latest.elapsedMs;
  }

  /** The beacon window of this moment. */
  window(elapsedMs: number): number | undefined {
    const nowMs = this.now(elapsedMs);
    if (this.#latest === undefined || nowMs === undefined) return undefined;
    const { periodMs, windowPeriods } = this.#latest.entropy;
    return windowOf(Math.floor(nowMs / periodMs), windowPeriods);
  }

  /** The last moment at which witnesses of a beacon may report it: only after it may the beaconer reveal it. */
  reportDeadlineMs(entropyIndex: number): number | undefined {
    if (this.#latest === undefined) return undefined;
    const { entropy } = this.#latest;
    return entropyIndex * entropy.periodMs + deadlinesOf(entropy).reportMs;
  }
}
