import type { EdgeEvidence } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import type { StoredEdge } from "./records.ts";
import { type Integer, inChunks } from "./rows.ts";
import type { Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const edgesSchema: TableSchema = ({ text }) => [
  `CREATE TABLE IF NOT EXISTS edges (
    epoch BIGINT NOT NULL, beaconer ${text} NOT NULL, witness ${text} NOT NULL, heard BIGINT NOT NULL,
    rssi_sum_dbm BIGINT NOT NULL, rssi_sum_squares BIGINT NOT NULL, rssi_min_dbm BIGINT NOT NULL,
    rssi_max_dbm BIGINT NOT NULL, PRIMARY KEY (epoch, beaconer, witness))`,
  "CREATE INDEX IF NOT EXISTS edges_beaconer ON edges (beaconer)",
  "CREATE INDEX IF NOT EXISTS edges_witness ON edges (witness)",
];

interface EdgeRow {
  epoch: Integer;
  beaconer: string;
  witness: string;
  heard: Integer;
  rssi_sum_dbm: Integer;
  rssi_sum_squares: Integer;
  rssi_min_dbm: Integer;
  rssi_max_dbm: Integer;
}

const rowOf = (epoch: number, edge: EdgeEvidence): EdgeRow => ({
  epoch,
  beaconer: edge.beaconer,
  witness: edge.witness,
  heard: edge.heard,
  rssi_sum_dbm: edge.rssiSumDbm,
  rssi_sum_squares: edge.rssiSumSquares,
  rssi_min_dbm: edge.rssiMinDbm,
  rssi_max_dbm: edge.rssiMaxDbm,
});

const edgeOf = (row: EdgeRow): StoredEdge => ({
  epoch: Number(row.epoch),
  beaconer: row.beaconer,
  witness: row.witness,
  heard: Number(row.heard),
  rssiSumDbm: Number(row.rssi_sum_dbm),
  rssiSumSquares: Number(row.rssi_sum_squares),
  rssiMinDbm: Number(row.rssi_min_dbm),
  rssiMaxDbm: Number(row.rssi_max_dbm),
});

/** Part of closing an epoch, in its transaction: what leaves the window goes as the epoch's own edges come. */
export async function insertEdges(
  tx: SQL,
  epoch: number,
  edges: readonly EdgeEvidence[],
  edgesFrom: number,
): Promise<void> {
  await inChunks(
    edges.map((edge) => rowOf(epoch, edge)),
    (chunk) => tx`INSERT INTO edges ${tx(chunk)}`,
  );
  await tx`DELETE FROM edges WHERE epoch < ${edgesFrom}`;
}

export const edgeTable = ({ sql }: Database): Pick<Store, "edgesOf"> => ({
  async edgesOf(hotspotId) {
    const rows = await sql<EdgeRow[]>`SELECT * FROM edges WHERE beaconer = ${hotspotId}
      UNION SELECT * FROM edges WHERE witness = ${hotspotId} ORDER BY epoch, beaconer, witness`;
    return rows.map(edgeOf);
  },
});
