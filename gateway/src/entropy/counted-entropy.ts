import { type Entropy, entropyCounts } from "@earshot/protocol";
import type { Store } from "../store/store.ts";

interface PublishedEntropy {
  entropy: Entropy;
  message: Uint8Array;
}

/** The first that counts with this index or a later one: it draws witnesses. */
export async function firstCounted(
  store: Pick<Store, "firstEntropy">,
  fromIndex: number,
): Promise<PublishedEntropy | undefined> {
  let found = await store.firstEntropy(fromIndex);
  while (found !== undefined && !entropyCounts(found.entropy)) {
    found = await store.firstEntropy(found.entropy.index + 1);
  }
  return found;
}

/** Index of the newest that counts, if it is this one or a later one. */
export async function latestCounted(
  store: Pick<Store, "latestEntropy" | "entropyRange">,
  fromIndex: number,
): Promise<number | undefined> {
  const latest = (await store.latestEntropy())?.entropy;
  if (latest === undefined || entropyCounts(latest)) return latest?.index;
  const range = await store.entropyRange(fromIndex, latest.index);
  return range.findLast(({ entropy }) => entropyCounts(entropy))?.entropy.index;
}
