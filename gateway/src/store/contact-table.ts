import { CONTACT_KINDS, type ContactKind, type LatestContacts, NO_CONTACTS } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import type { StoredContact } from "./records.ts";
import { chunksOf, type Integer, inChunks, nullableNumber } from "./rows.ts";
import type { Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const contactsSchema: TableSchema = ({ text, clustered }) => [
  `CREATE TABLE IF NOT EXISTS contacts (
    epoch BIGINT NOT NULL, hotspot_id ${text} NOT NULL, kind ${text} NOT NULL, entropy_index BIGINT NOT NULL,
    PRIMARY KEY (epoch, hotspot_id, kind))${clustered}`,
];

interface ContactRow {
  hotspot_id: string;
  kind: ContactKind;
  entropy_index: Integer;
  epoch: Integer;
}

/** Stands for all epochs that are closed. */
const CLOSED = -1;

/**
 * Part of recording a judgement, in its transaction. One row for each hotspot, kind and open epoch: the latest. Rows of
 * an epoch lie together, so writing them costs the same however many hotspots have contacts from before.
 */
export function insertContacts(tx: SQL, contacts: readonly StoredContact[]): Promise<void> {
  return inChunks(
    latestOf(contacts),
    (chunk) => tx`INSERT INTO contacts ${tx(chunk)} ON CONFLICT (epoch, hotspot_id, kind) DO UPDATE SET
      entropy_index = excluded.entropy_index WHERE contacts.entropy_index < excluded.entropy_index`,
  );
}

/** Part of closing an epoch, in its transaction: of what came before the epoch's end only the latest is asked for again. */
export async function closeContacts(tx: SQL, closedEpoch: number): Promise<void> {
  await tx`INSERT INTO contacts (epoch, hotspot_id, kind, entropy_index)
    SELECT ${CLOSED}, hotspot_id, kind, MAX(entropy_index) FROM contacts
    WHERE epoch > ${CLOSED} AND epoch <= ${closedEpoch} GROUP BY hotspot_id, kind
    ON CONFLICT (epoch, hotspot_id, kind) DO UPDATE SET
      entropy_index = excluded.entropy_index WHERE contacts.entropy_index < excluded.entropy_index`;
  await tx`DELETE FROM contacts WHERE epoch > ${CLOSED} AND epoch <= ${closedEpoch}`;
}

/**
 * Part of opening epochs again from this one on, in its transaction.
 * @param before the latest contacts of all that reported in those epochs before the first of them
 */
export async function restoreContacts(
  tx: SQL,
  openEpoch: number,
  firstIndex: number,
  before: ReadonlyMap<string, LatestContacts>,
): Promise<void> {
  await tx`DELETE FROM contacts WHERE epoch >= ${openEpoch} OR entropy_index >= ${firstIndex}`;
  const rows = [...before].flatMap(([hotspotId, latest]) =>
    CONTACT_KINDS.flatMap((kind): ContactRow[] => {
      const index = latest[kind];
      if (index === null || index >= firstIndex) return [];
      return [{ hotspot_id: hotspotId, kind, entropy_index: index, epoch: CLOSED }];
    }),
  );
  await inChunks(
    rows,
    (chunk) => tx`INSERT INTO contacts ${tx(chunk)} ON CONFLICT (epoch, hotspot_id, kind) DO UPDATE SET
      entropy_index = excluded.entropy_index`,
  );
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
    const epochs = [CLOSED, ...(await openEpochs(sql))];
    const found = new Map<string, LatestContacts>();
    for (const chunk of chunksOf(hotspotIds)) {
      for (const row of await latestBefore(sql, epochs, chunk, beforeIndex)) {
        const known = found.get(row.hotspot_id) ?? NO_CONTACTS;
        found.set(row.hotspot_id, { ...known, [row.kind]: Number(row.latest) });
      }
    }
    return found;
  },
});

/** From the first to the last that has contacts. Each in a query of its own, or all rows would be read. */
async function openEpochs(sql: SQL): Promise<number[]> {
  const [row] = await sql<{ first: Integer | null; last: Integer | null }[]>`SELECT
    (SELECT MIN(epoch) FROM contacts WHERE epoch > ${CLOSED}) AS first, (SELECT MAX(epoch) FROM contacts) AS last`;
  const first = nullableNumber(row?.first ?? null);
  return first === null ? [] : Array.from({ length: Number(row?.last) - first + 1 }, (_, i) => first + i);
}

const latestBefore = (sql: SQL, epochs: number[], ids: string[], beforeIndex: number) =>
  sql<{ hotspot_id: string; kind: ContactKind; latest: Integer }[]>`
    SELECT hotspot_id, kind, MAX(entropy_index) AS latest FROM contacts
    WHERE epoch IN ${sql(epochs)} AND hotspot_id IN ${sql(ids)} AND entropy_index < ${beforeIndex} GROUP BY hotspot_id, kind`;
