import type { Measurement } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import type { StoredVerdict } from "./records.ts";
import { chunksOf, type Integer, inChunks, nullableNumber } from "./rows.ts";
import type { Page, Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const verdictsSchema: TableSchema = ({ text }) => [
  `CREATE TABLE IF NOT EXISTS verdicts (
    packet_id ${text} PRIMARY KEY, hotspot_id ${text} NOT NULL, beacon_key ${text} NOT NULL, type ${text} NOT NULL,
    outcome ${text} NOT NULL, reason ${text} NOT NULL, measurements ${text} NOT NULL, epoch BIGINT NOT NULL,
    entropy_index BIGINT NOT NULL, judged_at_ms BIGINT NOT NULL)`,
  "CREATE INDEX IF NOT EXISTS verdicts_epoch ON verdicts (epoch, hotspot_id)",
  "CREATE INDEX IF NOT EXISTS verdicts_hotspot ON verdicts (hotspot_id, entropy_index, packet_id)",
  "CREATE INDEX IF NOT EXISTS verdicts_beacon ON verdicts (beacon_key)",
];

interface VerdictRow {
  packet_id: string;
  hotspot_id: string;
  beacon_key: string;
  type: StoredVerdict["type"];
  outcome: StoredVerdict["outcome"];
  reason: string;
  measurements: string;
  epoch: Integer;
  entropy_index: Integer;
  judged_at_ms: Integer;
}

const rowOf = (verdict: StoredVerdict): VerdictRow => ({
  packet_id: verdict.packetId,
  hotspot_id: verdict.hotspotId,
  beacon_key: verdict.beaconKey,
  type: verdict.type,
  outcome: verdict.outcome,
  reason: verdict.reason,
  measurements: JSON.stringify(verdict.measurements),
  epoch: verdict.epoch,
  entropy_index: verdict.entropyIndex,
  judged_at_ms: verdict.judgedAtMs,
});

const verdictOf = (row: VerdictRow): StoredVerdict => ({
  packetId: row.packet_id,
  hotspotId: row.hotspot_id,
  beaconKey: row.beacon_key,
  type: row.type,
  outcome: row.outcome,
  reason: row.reason,
  measurements: JSON.parse(row.measurements) as Measurement[],
  epoch: Number(row.epoch),
  entropyIndex: Number(row.entropy_index),
  judgedAtMs: Number(row.judged_at_ms),
});

export const insertVerdicts = (tx: SQL, verdicts: readonly StoredVerdict[]): Promise<void> =>
  inChunks(
    verdicts.map(rowOf),
    (chunk) => tx`INSERT INTO verdicts ${tx(chunk)} ON CONFLICT (packet_id) DO NOTHING`,
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

export function verdictTable({ sql, transaction }: Database): VerdictQueries {
  const list = async (query: SQL.Query<VerdictRow[]>) => (await query).map(verdictOf);
  return {
    addLateVerdicts: (verdicts) => transaction((tx) => insertVerdicts(tx, verdicts)),
    async verdict(packetId) {
      return (await list(sql<VerdictRow[]>`SELECT * FROM verdicts WHERE packet_id = ${packetId}`))[0];
    },
    async judgedAmong(packetIds) {
      const judged = new Set<string>();
      for (const chunk of chunksOf(packetIds)) {
        const rows = await sql<{ packet_id: string }[]>`
          SELECT packet_id FROM verdicts WHERE packet_id IN ${sql(chunk)}`;
        for (const row of rows) judged.add(row.packet_id);
      }
      return judged;
    },
    async verdictsOfEpoch(epoch, hotspotIds) {
      if (hotspotIds === undefined)
        return list(sql<VerdictRow[]>`SELECT * FROM verdicts WHERE epoch = ${epoch} ORDER BY packet_id`);
      const found: StoredVerdict[] = [];
      for (const chunk of chunksOf(hotspotIds)) {
        const rows = await list(sql<VerdictRow[]>`SELECT * FROM verdicts
          WHERE epoch = ${epoch} AND hotspot_id IN ${sql(chunk)}`);
        for (const verdict of rows) found.push(verdict);
      }
      return found.sort((a, b) => (a.packetId < b.packetId ? -1 : 1));
    },
    verdictsOfHotspot: (hotspotId, page) => list(hotspotPage(sql, hotspotId, page)),
    verdictsOfBeacon: (beaconKey) =>
      list(sql<VerdictRow[]>`SELECT * FROM verdicts WHERE beacon_key = ${beaconKey} ORDER BY packet_id`),
    async nextIndex(after) {
      const [row] = await sql<{ next: Integer | null }[]>`SELECT MIN(next) AS next FROM (
        SELECT MIN(entropy_index) AS next FROM entropy WHERE entropy_index > ${after}
        UNION ALL SELECT MIN(entropy_index) FROM packets WHERE entropy_index > ${after}) AS candidates`;
      return nullableNumber(row?.next ?? null) ?? undefined;
    },
  };
}

function hotspotPage(sql: SQL, hotspotId: string, { limit, after }: Page): SQL.Query<VerdictRow[]> {
  const [index, packetId] = after?.split(".") ?? [];
  const belowIndex = index === undefined ? Number.MAX_SAFE_INTEGER : Number(index);
  return sql<VerdictRow[]>`SELECT * FROM verdicts WHERE hotspot_id = ${hotspotId}
    AND (entropy_index < ${belowIndex} OR (entropy_index = ${belowIndex} AND packet_id < ${packetId ?? ""}))
    ORDER BY entropy_index DESC, packet_id DESC LIMIT ${limit}`;
}
