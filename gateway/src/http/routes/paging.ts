import { type Page, type StoredVerdict, verdictPageKey } from "../../store/store.ts";

/** The store's page for what was asked. */
export const pageOf = ({ limit, after }: { limit?: number; after?: string }, usual: number): Page => ({
  limit: limit ?? usual,
  ...(after === undefined ? {} : { after }),
});

/**
 * The cursor after a full page; a page that is not full is the last. Cursors are made of what they follow, so one
 * that would follow something not `visible` is not given.
 */
export function nextAfter<T>(
  found: readonly T[],
  visible: readonly T[],
  { limit }: Page,
  keyOf: (item: T) => string,
): string | null {
  const last = found.at(-1);
  return last === undefined || found.length < limit || last !== visible.at(-1) ? null : keyOf(last);
}

export const nextVerdict = (
  found: readonly StoredVerdict[],
  visible: readonly StoredVerdict[],
  page: Page,
): string | null => nextAfter(found, visible, page, verdictPageKey);
