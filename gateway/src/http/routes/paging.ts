import type { StoredVerdict } from "../../store/records.ts";
import { type Page, verdictPageKey } from "../../store/store.ts";

/** The store's page for what was asked. */
export const pageOf = ({ limit, after }: { limit?: number; after?: string }, defaultLimit: number): Page => ({
  limit: limit ?? defaultLimit,
  ...(after === undefined ? {} : { after }),
});

/**
 * The cursor after a full page; a page that is not full is the last. A cursor contains the key of the last item, so
 * there is none when that item is not `visible`.
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
