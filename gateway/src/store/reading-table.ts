import { decodePacket, type ReadingPacket } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import { type Integer, inChunks } from "./rows.ts";
import type { ReadingRange, ReadingSource, Store, StoredPacket, StoredReading } from "./store.ts";

/** What reading packets say, by source and time: their bytes are among the packets. */
interface ReadingRow {
  hotspot_id: string;
  source: string;
  at_ms: Integer;
  packet_id: string;
  sequence: Integer;
  period_ms: Integer;
  quantities: string;
}

type ReadingQueries = Pick<Store, "readingSources" | "readingsOf">;

export const readingTable = ({ sql }: Database): ReadingQueries => ({
  readingSources: (hotspotId, untilMs, limit) => readingSources(sql, hotspotId, untilMs, limit),
  readingsOf: (hotspotId, source, range) => readingsOf(sql, hotspotId, source, range),
});

/** Files what new reading packets say, in the transaction that files them. */
export async function insertReadings(sql: SQL, packets: readonly StoredPacket[]): Promise<void> {
  const rows = packets.flatMap(rowsOf);
  await inChunks(rows, (chunk) => sql`INSERT INTO readings ${sql(chunk)} ON CONFLICT DO NOTHING`);
}

function rowsOf({ id, hotspotId, bytes }: StoredPacket): ReadingRow[] {
  const result = decodePacket(bytes);
  if (!result.ok || result.decoded.packet.type !== "reading") return [];
  const { source, atMs, sequence, periodMs, quantities } = result.decoded.packet;
  return [
    {
      hotspot_id: hotspotId,
      source,
      at_ms: atMs,
      packet_id: id,
      sequence,
      period_ms: periodMs,
      quantities: JSON.stringify(quantities),
    },
  ];
}

/** Goes from source to source through the key, so that it costs as much as there are sources, not readings. */
async function readingSources(
  sql: SQL,
  hotspotId: string,
  untilMs: number,
  limit: number,
): Promise<ReadingSource[]> {
  const rows = await sql<{ source: string; first: Integer; latest: Integer | null }[]>`
    WITH RECURSIVE sources(source) AS (
      SELECT MIN(source) FROM readings WHERE hotspot_id = ${hotspotId}
      UNION ALL
      SELECT (SELECT MIN(r.source) FROM readings r WHERE r.hotspot_id = ${hotspotId} AND r.source > s.source)
        FROM sources s WHERE s.source IS NOT NULL)
    SELECT source,
      (SELECT MIN(at_ms) FROM readings r WHERE r.hotspot_id = ${hotspotId} AND r.source = s.source) AS first,
      (SELECT MAX(at_ms) FROM readings r
        WHERE r.hotspot_id = ${hotspotId} AND r.source = s.source AND r.at_ms <= ${untilMs}) AS latest
    FROM sources s WHERE source IS NOT NULL LIMIT ${limit}`;
  return rows.flatMap(({ source, first, latest }) =>
    latest === null ? [] : [{ source, firstAtMs: Number(first), latestAtMs: Number(latest) }],
  );
}

async function readingsOf(
  sql: SQL,
  hotspotId: string,
  source: string,
  { fromMs, toMs, limit }: ReadingRange,
): Promise<StoredReading[]> {
  const rows = await sql<ReadingRow[]>`SELECT * FROM readings
    WHERE hotspot_id = ${hotspotId} AND source = ${source} AND at_ms >= ${fromMs} AND at_ms <= ${toMs}
    ORDER BY at_ms DESC, packet_id DESC LIMIT ${limit}`;
  return rows.reverse().map((row) => ({
    sequence: Number(row.sequence),
    atMs: Number(row.at_ms),
    periodMs: Number(row.period_ms),
    quantities: JSON.parse(row.quantities) as ReadingPacket["quantities"],
  }));
}
