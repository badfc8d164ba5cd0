import { type ContactKind, type LatestContacts, NO_CONTACTS } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import { type Integer, inChunks } from "./rows.ts";
import type { Store, StoredContact } from "./store.ts";

interface ContactRow {
  hotspot_id: string;
  kind: ContactKind;
  entropy_index: Integer;
  epoch: Integer;
}

/** Ids in one statement. */
const CHUNK = 1000;

/** Part of recording a judgement, in its transaction. One row for each hotspot, kind and epoch: the latest. */
export function insertContacts(tx: SQL, contacts: readonly StoredContact[]): Promise<void> {
  return inChunks(
    latestOf(contacts),
    (chunk) => tx`INSERT INTO contacts ${tx(chunk)} ON CONFLICT (hotspot_id, kind, epoch) DO UPDATE SET
      entropy_index = excluded.entropy_index WHERE contacts.entropy_index < excluded.entropy_index`,
  );
}

/** Part of closing an epoch, in its transaction: of what came before the epoch's end only the latest is asked for again. */
export async function pruneContacts(tx: SQL, closedEpoch: number): Promise<void> {
  await tx`DELETE FROM contacts WHERE epoch < ${closedEpoch} AND EXISTS (SELECT 1 FROM contacts newer
    WHERE newer.hotspot_id = contacts.hotspot_id AND newer.kind = contacts.kind
      AND newer.epoch > contacts.epoch AND newer.epoch <= ${closedEpoch})`;
}

/** One statement may change a row once only. */
function latestOf(contacts: readonly StoredContact[]): ContactRow[] {
  const rows = new Map<string, ContactRow>();
  for (const { hotspotId, kind, index, epoch } of contacts) {
    const key = `${hotspotId} ${kind} ${epoch}`;
    if (Number(rows.get(key)?.entropy_index ?? -1) >= index) continue;
    rows.set(key, { hotspot_id: hotspotId, kind, entropy_index: index, epoch });
  }
  return [...rows.values()];
}

export const contactTable = ({ sql }: Database): Pick<Store, "contactsBefore"> => ({
  async contactsBefore(hotspotIds, beforeIndex) {
    const wanted = [...new Set(hotspotIds)];
    const found = new Map<string, LatestContacts>();
    for (let from = 0; from < wanted.length; from += CHUNK) {
      for (const row of await latestBefore(sql, wanted.slice(from, from + CHUNK), beforeIndex)) {
        const known = found.get(row.hotspot_id) ?? NO_CONTACTS;
        found.set(row.hotspot_id, { ...known, [row.kind]: Number(row.latest) });
      }
    }
    return found;
  },
});

const latestBefore = (sql: SQL, ids: string[], beforeIndex: number) =>
  sql<{ hotspot_id: string; kind: ContactKind; latest: Integer }[]>`
    SELECT hotspot_id, kind, MAX(entropy_index) AS latest FROM contacts
    WHERE hotspot_id IN ${sql(ids)} AND entropy_index < ${beforeIndex} GROUP BY hotspot_id, kind`;
