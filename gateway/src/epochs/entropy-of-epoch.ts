import { type Entropy, epochIndexes, type NetworkParameters } from "@earshot/protocol";
import type { Store } from "../store/store.ts";

export interface PublishedEntropy {
  entropy: Entropy;
  message: Uint8Array;
}

export type EntropyStore = Pick<Store, "entropyRange" | "firstEntropy">;

/**
 * All entropy that judging an epoch may ask for, sorted by index: the last before the epoch (it anchors the chain),
 * the epoch's own, and on until the first that draws for the epoch's last index. `undefined` while that one has not
 * been published.
 */
export async function entropyOfEpoch(
  store: EntropyStore,
  epoch: number,
  parameters: NetworkParameters,
): Promise<PublishedEntropy[] | undefined> {
  const { first, draw } = epochIndexes(epoch, parameters);
  const drawing = await store.firstEntropy(draw);
  if (drawing === undefined) return undefined;
  const before = await lastBefore(store, first);
  const own = await store.entropyRange(first, draw - 1);
  return [...(before === undefined ? [] : [before]), ...own, drawing];
}

/** After an outage it may be far away: looks in stretches, each twice as long as the one after it. */
async function lastBefore(store: EntropyStore, index: number): Promise<PublishedEntropy | undefined> {
  for (let to = index - 1, length = 1; to >= 0; to -= length, length *= 2) {
    const found = (await store.entropyRange(Math.max(0, to - length + 1), to)).at(-1);
    if (found !== undefined) return found;
  }
  return undefined;
}
