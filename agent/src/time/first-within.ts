import type { Clock } from "@earshot/protocol/hotspot";

/** The first item that is wanted, or `undefined` after `limitMs`. Leaves the iteration, which closes its source. */
export async function firstWithin<T>(
  source: AsyncIterable<T> & { close(): Promise<void> },
  isWanted: (item: T) => boolean,
  clock: Clock,
  limitMs: number,
): Promise<T | undefined> {
  const done = new AbortController();
  const limit = clock.sleep(limitMs, done.signal).then(
    () => source.close(),
    () => {},
  );
  try {
    for await (const item of source) if (isWanted(item)) return item;
    return undefined;
  } finally {
    done.abort();
    await limit;
  }
}
