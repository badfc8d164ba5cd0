import { type Hotspot, type LatestContacts, laterContacts } from "@earshot/protocol";
import type { Store } from "../store/store.ts";

type HotspotsById = (ids: Iterable<string>) => Promise<ReadonlyMap<string, Hotspot>>;

/**
 * Each of these hotspots and those whose places it took, newest first. One that took nobody's place, as nearly all, stands
 * alone.
 */
export async function lineages(ids: Iterable<string>, hotspotsById: HotspotsById): Promise<string[][]> {
  const lines = [...new Set(ids)].map((id) => [id]);
  for (let growing = lines; growing.length > 0; ) {
    const hotspots = await hotspotsById(growing.map((line) => line.at(-1) as string));
    growing = growing.filter((line) => {
      const before = hotspots.get(line.at(-1) as string)?.predecessor ?? null;
      if (before !== null) line.push(before);
      return before !== null;
    });
  }
  return lines;
}

/** Latest contacts before an index; a hotspot with a new key goes on with those that it had with the old one. */
export async function contactsOfLineages(
  ids: Iterable<string>,
  beforeIndex: number,
  hotspotsById: HotspotsById,
  store: Pick<Store, "contactsBefore">,
): Promise<Map<string, LatestContacts>> {
  const lines = await lineages(ids, hotspotsById);
  const contacts = await store.contactsBefore(lines.flat(), beforeIndex);
  const found = new Map<string, LatestContacts>();
  for (const [id = "", ...before] of lines) {
    const all = [id, ...before].flatMap((one) => contacts.get(one) ?? []);
    if (all.length > 0) found.set(id, all.reduce(laterContacts));
  }
  return found;
}
