import { decodePacket, type StatusPacket } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import { TYPE_NUMBERS } from "./packet-table.ts";
import { type HotspotStatus, type ReceivedStatus, sentAtMs } from "./records.ts";
import { chunksOf, type Integer, inChunks, plainBytes } from "./rows.ts";
import type { Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const statusesSchema: TableSchema = ({ text }) => [
  `CREATE TABLE IF NOT EXISTS statuses (
    hotspot_id ${text} PRIMARY KEY, sequence BIGINT NOT NULL, at_ms BIGINT NOT NULL, received_at_ms BIGINT NOT NULL, status ${text} NOT NULL,
    offline_at_ms BIGINT)`,
];

interface StatusRow {
  hotspot_id: string;
  sequence: Integer;
  at_ms: Integer;
  received_at_ms: Integer;
  status: string;
  offline_at_ms: Integer | null;
}

/** JSON with the payee, the only bytes in a status packet, as hex. */
const formatStatus = (status: StatusPacket): string =>
  JSON.stringify(status, (key, value: unknown) =>
    key === "payee" && value instanceof Uint8Array ? value.toHex() : value,
  );

const parseStatus = (text: string): StatusPacket =>
  JSON.parse(text, (key, value: unknown) =>
    key === "payee" && typeof value === "string" ? Uint8Array.fromHex(value) : value,
  ) as StatusPacket;

function statusOf(row: StatusRow): HotspotStatus {
  const status = parseStatus(row.status);
  const receivedAtMs = Number(row.received_at_ms);
  return row.offline_at_ms === null
    ? { status, receivedAtMs }
    : { status: { ...status, state: "offline" }, receivedAtMs: Number(row.offline_at_ms) };
}

const rowOf = ({ hotspotId, status, receivedAtMs }: ReceivedStatus): StatusRow => ({
  hotspot_id: hotspotId,
  sequence: status.sequence,
  at_ms: sentAtMs({ status, receivedAtMs }),
  received_at_ms: receivedAtMs,
  status: formatStatus(status),
  offline_at_ms: null,
});

/**
 * The time alone would hold off a hotspot whose clock was set back, the number alone one whose state was restored from a
 * copy: one that came late is behind in both.
 */
const isNewer = (report: ReceivedStatus, other: ReceivedStatus): boolean =>
  sentAtMs(report) >= sentAtMs(other) || report.status.sequence > other.status.sequence;

/** One per hotspot: a statement may not change a row twice. */
function newestOfEach(statuses: readonly ReceivedStatus[]): ReceivedStatus[] {
  const newest = new Map<string, ReceivedStatus>();
  for (const report of statuses) {
    const other = newest.get(report.hotspotId);
    if (other === undefined || isNewer(report, other)) newest.set(report.hotspotId, report);
  }
  return [...newest.values()];
}

type StatusQueries = Pick<Store, "putStatus" | "putStatuses" | "markOffline" | "statuses" | "statusesUntil">;

/** A page view reads no more than this of a hotspot's history. */
const MAX_PACKETS_READ = 2000;

export function statusTable({ sql, transaction }: Database): StatusQueries {
  const putStatuses = (statuses: readonly ReceivedStatus[]) =>
    transaction((tx) =>
      inChunks(
        newestOfEach(statuses).map(rowOf),
        (rows) => tx`INSERT INTO statuses ${tx(rows)} ON CONFLICT (hotspot_id) DO UPDATE SET
          sequence = excluded.sequence, at_ms = excluded.at_ms, received_at_ms = excluded.received_at_ms, status = excluded.status,
          offline_at_ms = NULL WHERE excluded.at_ms >= statuses.at_ms OR excluded.sequence > statuses.sequence`,
      ),
    );
  return {
    putStatus: (hotspotId, status, receivedAtMs) => putStatuses([{ hotspotId, status, receivedAtMs }]),
    putStatuses,
    async markOffline(hotspotId, atMs) {
      await transaction(
        (tx) => tx`UPDATE statuses SET offline_at_ms = ${atMs} WHERE hotspot_id = ${hotspotId}`,
      );
    },
    async statuses(hotspotIds) {
      const found = new Map<string, HotspotStatus>();
      for (const chunk of chunksOf(hotspotIds)) {
        const rows = await sql<StatusRow[]>`SELECT * FROM statuses WHERE hotspot_id IN ${sql(chunk)}`;
        for (const row of rows) found.set(row.hotspot_id, statusOf(row));
      }
      return found;
    },
    statusesUntil: (hotspotId, receivedByMs, limit) => statusesUntil(sql, hotspotId, receivedByMs, limit),
  };
}

async function statusesUntil(
  sql: SQL,
  hotspotId: string,
  receivedByMs: number,
  limit: number,
): Promise<HotspotStatus[]> {
  const rows = await sql<{ bytes: Uint8Array; received_at_ms: Integer }[]>`SELECT bytes, received_at_ms FROM
    (SELECT type, sequence, id, bytes, received_at_ms FROM packets
      WHERE hotspot = (SELECT number FROM senders WHERE id = ${hotspotId})
      ORDER BY sequence DESC, id DESC LIMIT ${MAX_PACKETS_READ}) AS newest
    WHERE type = ${TYPE_NUMBERS.status} AND received_at_ms <= ${receivedByMs} ORDER BY sequence DESC, id DESC LIMIT ${limit}`;
  return rows.reverse().flatMap((row) => {
    const result = decodePacket(plainBytes(row.bytes));
    if (!result.ok || result.decoded.packet.type !== "status") return [];
    return [{ status: result.decoded.packet, receivedAtMs: Number(row.received_at_ms) }];
  });
}
