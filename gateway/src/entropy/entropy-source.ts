import type { Entropy } from "@earshot/protocol";

/** A value, and what shows that nobody chose it. */
export type DrawnEntropy = Pick<Entropy, "value" | "source">;

/** Where the network's entropy comes from. */
export interface EntropySource {
  /**
   * The value for an index whose period runs now. May wait for it, but not longer than half the period: what cannot be
   * had until then is said to be missing, in the value's `source`. Rejects when `signal` is aborted.
   */
  draw(index: number, signal: AbortSignal): Promise<DrawnEntropy>;
}

/** 32 unpredictable bytes for the entropy with this index; the demo seeds them. */
export type RandomBytes = (index: number) => Uint8Array;

/** The operator's word: nothing shows that it did not choose them. */
export const localSource = (random: RandomBytes): EntropySource => ({
  draw: async (index) => ({ value: random(index), source: null }),
});
