import { decodePacket } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import type { StoredReading } from "./records.ts";
import { type Integer, plainBytes } from "./rows.ts";
import type { ReadingRange, ReadingSource, Store } from "./store.ts";

type ReadingQueries = Pick<Store, "readingSources" | "readingsOf">;

/** Reading packets by device and time. A table of their own would make each cost twice as much to take in. */
export const readingTable = ({ sql }: Database): ReadingQueries => ({
  readingSources: (hotspotId, untilMs, limit) => readingSources(sql, hotspotId, untilMs, limit),
  readingsOf: (hotspotId, source, range) => readingsOf(sql, hotspotId, source, range),
});

/** Goes from source to source through the index, so that it costs as much as there are sources, not readings. */
async function readingSources(
  sql: SQL,
  hotspotId: string,
  untilMs: number,
  limit: number,
): Promise<ReadingSource[]> {
  const rows = await sql<{ source: string; first: Integer; latest: Integer | null }[]>`
    WITH RECURSIVE sender(hotspot) AS (SELECT number FROM senders WHERE id = ${hotspotId}), sources(source) AS (
      SELECT MIN(reading_source) FROM packets WHERE hotspot = (SELECT hotspot FROM sender) AND reading_source IS NOT NULL
      UNION ALL
      SELECT (SELECT MIN(r.reading_source) FROM packets r
          WHERE r.hotspot = (SELECT hotspot FROM sender) AND r.reading_source > s.source)
        FROM sources s WHERE s.source IS NOT NULL)
    SELECT source,
      (SELECT MIN(r.reading_at_ms) FROM packets r
        WHERE r.hotspot = (SELECT hotspot FROM sender) AND r.reading_source = s.source) AS first,
      (SELECT MAX(r.reading_at_ms) FROM packets r
        WHERE r.hotspot = (SELECT hotspot FROM sender) AND r.reading_source = s.source
          AND r.reading_at_ms <= ${untilMs}) AS latest
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
  const rows = await sql<{ bytes: Uint8Array }[]>`SELECT bytes FROM packets
    WHERE hotspot = (SELECT number FROM senders WHERE id = ${hotspotId}) AND reading_source = ${source}
      AND reading_at_ms >= ${fromMs} AND reading_at_ms <= ${toMs}
    ORDER BY reading_at_ms DESC, id DESC LIMIT ${limit}`;
  return rows.reverse().map(({ bytes }) => readingOf(bytes));
}

/** @throws {TypeError} if the store does not hold what ingest put there */
function readingOf(bytes: Uint8Array): StoredReading {
  const result = decodePacket(plainBytes(bytes));
  if (!result.ok || result.decoded.packet.type !== "reading") {
    throw new TypeError("A stored reading cannot be decoded");
  }
  const { sequence, atMs, periodMs, quantities } = result.decoded.packet;
  return { sequence, atMs, periodMs, quantities };
}
