import type { Measurement } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import type { StoredVerdict } from "./records.ts";
import { chunksOf, type Integer, inChunks, nullableNumber } from "./rows.ts";
import type { SenderNumbers } from "./sender-table.ts";
import type { Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const verdictsSchema: TableSchema = ({ text, bytes }) => [
  `CREATE TABLE IF NOT EXISTS verdicts (
    epoch BIGINT NOT NULL, entropy_index BIGINT NOT NULL, judged_at_ms BIGINT NOT NULL, hotspot INTEGER NOT NULL,
    packet_id ${bytes} NOT NULL, beacon_key ${bytes} NOT NULL, type ${text} NOT NULL, outcome ${text} NOT NULL,
    reason ${text} NOT NULL, measurements ${text} NOT NULL)`,
  "CREATE UNIQUE INDEX IF NOT EXISTS verdicts_hotspot ON verdicts (hotspot, entropy_index, packet_id)",
  "CREATE INDEX IF NOT EXISTS verdicts_epoch ON verdicts (epoch, hotspot)",
  "CREATE INDEX IF NOT EXISTS verdicts_beacon ON verdicts (beacon_key)",
  // Ids are random, and each touches a page of its own: four bytes tell enough of them apart, and many fit on a page.
  "CREATE INDEX IF NOT EXISTS verdicts_packet ON verdicts (SUBSTR(packet_id, 1, 4))",
];

/** As many bytes of it as are indexed. */
const ID_START = 4;

interface VerdictRow {
  epoch: Integer;
  entropy_index: Integer;
  judged_at_ms: Integer;
  hotspot: Integer;
  packet_id: Uint8Array;
  beacon_key: Uint8Array;
  type: StoredVerdict["type"];
  outcome: StoredVerdict["outcome"];
  reason: string;
  measurements: string;
}

const rowOf = (verdict: StoredVerdict, hotspot: number): VerdictRow => ({
  epoch: verdict.epoch,
  entropy_index: verdict.entropyIndex,
  judged_at_ms: verdict.judgedAtMs,
  hotspot,
  packet_id: Uint8Array.fromHex(verdict.packetId),
  beacon_key: Uint8Array.fromHex(verdict.beaconKey),
  type: verdict.type,
  outcome: verdict.outcome,
  reason: verdict.reason,
  measurements: JSON.stringify(verdict.measurements),
});

/** With the id of its hotspot, as `VERDICTS` selects it. */
type NamedRow = VerdictRow & { hotspot_id: string };

const verdictOf = (row: NamedRow): StoredVerdict => ({
  packetId: row.packet_id.toHex(),
  hotspotId: row.hotspot_id,
  beaconKey: row.beacon_key.toHex(),
  type: row.type,
  outcome: row.outcome,
  reason: row.reason,
  measurements: JSON.parse(row.measurements) as Measurement[],
  epoch: Number(row.epoch),
  entropyIndex: Number(row.entropy_index),
  judgedAtMs: Number(row.judged_at_ms),
});

/** @param numberOf of all their hotspots */
export const insertVerdicts = (
  tx: SQL,
  verdicts: readonly StoredVerdict[],
  numberOf: ReadonlyMap<string, number>,
): Promise<void> =>
  inChunks(
    verdicts.map((verdict) => rowOf(verdict, numberOf.get(verdict.hotspotId) ?? 0)),
    (chunk) =>
      tx`INSERT INTO verdicts ${tx(chunk)} ON CONFLICT (hotspot, entropy_index, packet_id) DO NOTHING`,
  );

type VerdictQueries = Pick<
  Store,
  | "addLateVerdicts"
  | "verdict"
  | "judgedAmong"
  | "verdictsOfEpoch"
  | "verdictsOfHotspot"
  | "verdictsOfBeacon"
  | "nextIndex"
>;

export function verdictTable(
  { sql, transaction }: Database,
  numbers: Pick<SenderNumbers, "of">,
): VerdictQueries {
  const list = async (query: SQL.Query<NamedRow[]>) => (await query).map(verdictOf);
  /** Verdicts with the id of their hotspot. */
  const verdicts = sql`SELECT v.*, s.id AS hotspot_id FROM verdicts v JOIN senders s ON s.number = v.hotspot`;
  return {
    async addLateVerdicts(late) {
      const numberOf = await numbers.of(late);
      await transaction((tx) => insertVerdicts(tx, late, numberOf));
    },
    async verdict(packetId) {
      const id = Uint8Array.fromHex(packetId);
      const query = sql<NamedRow[]>`${verdicts}
        WHERE SUBSTR(v.packet_id, 1, 4) = ${id.slice(0, ID_START)} AND v.packet_id = ${id}`;
      return (await list(query))[0];
    },
    judgedAmong: (packetIds) => judgedAmong(sql, packetIds),
    async verdictsOfEpoch(epoch, hotspotIds) {
      if (hotspotIds === undefined)
        return list(sql<NamedRow[]>`${verdicts} WHERE v.epoch = ${epoch} ORDER BY v.packet_id`);
      const found: StoredVerdict[] = [];
      for (const chunk of chunksOf(hotspotIds)) {
        const rows = await list(sql<NamedRow[]>`${verdicts}
          WHERE v.epoch = ${epoch} AND v.hotspot IN (SELECT number FROM senders WHERE id IN ${sql(chunk)})`);
        for (const verdict of rows) found.push(verdict);
      }
      return found.sort((a, b) => (a.packetId < b.packetId ? -1 : 1));
    },
    verdictsOfHotspot(hotspotId, { limit, after }) {
      const [index, packetId = ""] = after?.split(".") ?? [];
      const belowIndex = index === undefined ? Number.MAX_SAFE_INTEGER : Number(index);
      return list(sql<
        NamedRow[]
      >`${verdicts} WHERE v.hotspot = (SELECT number FROM senders WHERE id = ${hotspotId})
        AND (v.entropy_index < ${belowIndex}
          OR (v.entropy_index = ${belowIndex} AND v.packet_id < ${Uint8Array.fromHex(packetId)}))
        ORDER BY v.entropy_index DESC, v.packet_id DESC LIMIT ${limit}`);
    },
    verdictsOfBeacon: (beaconKey) =>
      list(
        sql<
          NamedRow[]
        >`${verdicts} WHERE v.beacon_key = ${Uint8Array.fromHex(beaconKey)} ORDER BY v.packet_id`,
      ),
    async nextIndex(after) {
      const [row] = await sql<{ next: Integer | null }[]>`SELECT MIN(next) AS next FROM (
        SELECT MIN(entropy_index) AS next FROM entropy WHERE entropy_index > ${after}
        UNION ALL SELECT MIN(entropy_index) FROM packets WHERE entropy_index > ${after}) AS candidates`;
      return nullableNumber(row?.next ?? null) ?? undefined;
    },
  };
}

async function judgedAmong(sql: SQL, packetIds: Iterable<string>): Promise<Set<string>> {
  const judged = new Set<string>();
  for (const chunk of chunksOf(packetIds)) {
    const ids = chunk.map((text) => {
      const id = Uint8Array.fromHex(text);
      return { id, start: id.slice(0, ID_START) };
    });
    const rows = await sql<{ packet_id: Uint8Array }[]>`SELECT packet_id FROM verdicts
      WHERE SUBSTR(packet_id, 1, 4) IN ${sql(ids, "start")} AND packet_id IN ${sql(ids, "id")}`;
    for (const row of rows) judged.add(row.packet_id.toHex());
  }
  return judged;
}
