import type { Database as SqliteConnection } from "bun:sqlite";
import { decodePacket, equalBytes, type PacketType, type ReportTimes } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import type { StoredPacket } from "./records.ts";
import { chunksOf, type Integer, inChunks, nullableNumber, plainBytes } from "./rows.ts";
import type { SenderNumbers } from "./sender-table.ts";
import type { Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

/** As in the packets themselves. */
export const TYPE_NUMBERS: Readonly<Record<PacketType, number>> = {
  beacon: 1,
  witness: 2,
  status: 3,
  reading: 4,
};
const TYPES = new Map(Object.entries(TYPE_NUMBERS).map(([type, number]) => [number, type as PacketType]));

export const packetsSchema: TableSchema = ({ text, bytes }) => [
  // Of packets with one number two are kept: `rival` is 0 for the first, 1 for one that conflicts with it, as evidence.
  `CREATE TABLE IF NOT EXISTS packets (
    sequence BIGINT NOT NULL, received_at_ms BIGINT NOT NULL, entropy_index BIGINT, epoch BIGINT, reading_at_ms BIGINT,
    hotspot INTEGER NOT NULL, type SMALLINT NOT NULL, late SMALLINT NOT NULL, rival SMALLINT NOT NULL,
    reading_source ${text}, id ${bytes} NOT NULL, bytes ${bytes} NOT NULL)`,
  // No index on the id: ids are random, so each packet would touch a page of its own, which costs as much as all else that
  // storing does. A packet's id covers its hotspot and number, so this finds repetitions as well.
  "CREATE UNIQUE INDEX IF NOT EXISTS packets_sequence ON packets (hotspot, sequence, rival)",
  "CREATE INDEX IF NOT EXISTS packets_index ON packets (entropy_index) WHERE entropy_index IS NOT NULL",
  // Beside an epoch's packets it finds a hotspot's timely report before another one, however much the hotspot sends.
  `CREATE INDEX IF NOT EXISTS packets_epoch ON packets (epoch, hotspot, late, sequence, entropy_index)
    WHERE epoch IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS packets_beacon ON packets (hotspot, entropy_index)
    WHERE type = ${TYPE_NUMBERS.beacon} AND late = 0`,
  `CREATE INDEX IF NOT EXISTS packets_reading ON packets (hotspot, reading_source, reading_at_ms)
    WHERE reading_source IS NOT NULL`,
];

interface PacketRow {
  sequence: Integer;
  received_at_ms: Integer;
  entropy_index: Integer | null;
  epoch: Integer | null;
  reading_at_ms: Integer | null;
  hotspot: Integer;
  type: Integer;
  late: Integer;
  rival: Integer;
  reading_source: string | null;
  id: Uint8Array;
  bytes: Uint8Array;
}

const rowOf = (packet: StoredPacket, hotspot: number): PacketRow => ({
  sequence: packet.sequence,
  received_at_ms: packet.receivedAtMs,
  entropy_index: packet.entropyIndex,
  epoch: packet.epoch,
  reading_at_ms: packet.reading?.atMs ?? null,
  hotspot,
  type: TYPE_NUMBERS[packet.type],
  late: Number(packet.isLate),
  rival: 0,
  reading_source: packet.reading?.source ?? null,
  id: Uint8Array.fromHex(packet.id),
  bytes: packet.bytes,
});

/** With the id of its hotspot, as `PACKETS` selects it. */
type NamedRow = PacketRow & { hotspot_id: string };

const packetOf = (row: NamedRow): StoredPacket => ({
  id: row.id.toHex(),
  hotspotId: row.hotspot_id,
  type: typeOf(Number(row.type)),
  sequence: Number(row.sequence),
  receivedAtMs: Number(row.received_at_ms),
  bytes: plainBytes(row.bytes),
  entropyIndex: nullableNumber(row.entropy_index),
  epoch: nullableNumber(row.epoch),
  isLate: Number(row.late) === 1,
  ...(row.reading_source !== null && {
    reading: { source: row.reading_source, atMs: Number(row.reading_at_ms) },
  }),
});

/** @throws {TypeError} if the store does not hold what ingest put there */
function typeOf(number: number): PacketType {
  const type = TYPES.get(number);
  if (type === undefined) throw new TypeError(`A stored packet is of type ${number}`);
  return type;
}

type PacketQueries = Pick<
  Store,
  | "addPackets"
  | "reportsOfIndex"
  | "packetsOfEpoch"
  | "rowsOfEpoch"
  | "packetsBySequence"
  | "firstBeaconIndexes"
  | "reusedNumbers"
  | "earlierReports"
  | "unjudgedReports"
  | "firstFiledEpoch"
>;

export function packetTable(
  { sql, transaction, prepared }: Database,
  numbers: Pick<SenderNumbers, "of">,
): PacketQueries {
  const list = async (query: SQL.Query<NamedRow[]>) => (await query).map(packetOf);
  /** Packets with the id of their hotspot. */
  const packets = sql`SELECT p.*, s.id AS hotspot_id FROM packets p JOIN senders s ON s.number = p.hotspot`;
  return {
    async addPackets(added) {
      const numberOf = await numbers.of(added);
      const rows = added.map((packet) => rowOf(packet, numberOf.get(packet.hotspotId) ?? 0));
      if (prepared !== undefined) return prepared((connection) => insertPrepared(connection, rows));
      return transaction((tx) => insertRows(tx, rows));
    },
    reportsOfIndex: (entropyIndex) =>
      list(sql<NamedRow[]>`${packets} WHERE p.entropy_index = ${entropyIndex} ORDER BY p.id`),
    async packetsOfEpoch(epoch, hotspotIds) {
      if (hotspotIds === undefined)
        return list(sql<NamedRow[]>`${packets} WHERE p.epoch = ${epoch} ORDER BY p.id`);
      const found: StoredPacket[] = [];
      for (const chunk of chunksOf(hotspotIds)) {
        const rows = await list(sql<NamedRow[]>`${packets}
          WHERE p.epoch = ${epoch} AND p.hotspot IN (SELECT number FROM senders WHERE id IN ${sql(chunk)})`);
        for (const packet of rows) found.push(packet);
      }
      return found.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    async rowsOfEpoch(epoch) {
      const rows = await sql<{ id: string; count: Integer }[]>`
        SELECT s.id, SUM(n) AS count FROM (
          SELECT hotspot, COUNT(*) AS n FROM packets WHERE epoch = ${epoch} GROUP BY hotspot
          UNION ALL SELECT hotspot, COUNT(*) FROM verdicts WHERE epoch = ${epoch} GROUP BY hotspot) AS parts
        JOIN senders s ON s.number = parts.hotspot GROUP BY s.id ORDER BY s.id`;
      return new Map(rows.map((row) => [row.id, Number(row.count)]));
    },
    packetsBySequence: async (hotspotId, sequences) =>
      sequences.length === 0
        ? []
        : list(sql<
            NamedRow[]
          >`${packets} WHERE p.hotspot = (SELECT number FROM senders WHERE id = ${hotspotId})
            AND p.sequence IN ${sql([...sequences])} ORDER BY p.id`),
    firstBeaconIndexes: (hotspotIds, first, last) => firstBeaconIndexes(sql, hotspotIds, first, last),
    reusedNumbers: (entropyIndex, epoch) => reusedNumbers(sql, entropyIndex, epoch),
    earlierReports: (entropyIndex, epoch) => earlierReports(sql, entropyIndex, epoch),
    unjudgedReports: (epoch, throughIndex, limit) =>
      list(sql<NamedRow[]>`${packets} LEFT JOIN verdicts v ON v.hotspot = p.hotspot
          AND v.entropy_index = p.entropy_index AND v.packet_id = p.id
        WHERE p.epoch = ${epoch} AND p.entropy_index <= ${throughIndex} AND v.packet_id IS NULL LIMIT ${limit}`),
    async firstFiledEpoch(after) {
      const [row] = await sql<{ epoch: Integer | null }[]>`
        SELECT MIN(epoch) AS epoch FROM packets WHERE epoch > ${after}`;
      return nullableNumber(row?.epoch ?? null) ?? undefined;
    },
  };
}

/** @returns the ids that are new */
async function insertRows(tx: SQL, rows: readonly PacketRow[]): Promise<Set<string>> {
  const added = new Set<string>();
  await inChunks(rows, async (chunk) => {
    const inserted = await tx<{ id: Uint8Array }[]>`
      INSERT INTO packets ${tx(chunk)} ON CONFLICT (hotspot, sequence, rival) DO NOTHING RETURNING id`;
    for (const { id } of inserted) added.add(id.toHex());
  });
  if (added.size === rows.length) return added;
  for (const ofOne of Map.groupBy(rows, ({ hotspot, sequence }) => `${hotspot} ${sequence}`).values()) {
    const rival = await secondOf(tx, ofOne);
    if (rival === undefined) continue;
    await tx`INSERT INTO packets ${tx(rival)}`;
    added.add(rival.id.toHex());
  }
  return added;
}

/** Of packets with one number the first that conflicts with the only one that is stored. */
async function secondOf(tx: SQL, rows: readonly PacketRow[]): Promise<PacketRow | undefined> {
  const [{ hotspot, sequence } = { hotspot: 0, sequence: 0 }] = rows;
  const stored = await tx<{ id: Uint8Array }[]>`
    SELECT id FROM packets WHERE hotspot = ${hotspot} AND sequence = ${sequence}`;
  if (stored.length > 1) return undefined;
  const rival = rows.find(({ id }) => !stored.some((first) => equalBytes(first.id, id)));
  return rival && { ...rival, rival: 1 };
}

const COLUMNS =
  "sequence, received_at_ms, entropy_index, epoch, reading_at_ms, hotspot, type, late, rival, reading_source, id, bytes";
const INSERT = `INSERT INTO packets (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (hotspot, sequence, rival) DO NOTHING`;
const OF_NUMBER = "SELECT id FROM packets WHERE hotspot = ? AND sequence = ?";

/**
 * The one exception to one SQL for both databases: nearly all that a gateway writes are packets, and SQLite compiles a
 * statement with many rows anew for each number of rows. It does the same as `insertRows`; one contract suite checks both.
 */
function insertPrepared(connection: SqliteConnection, rows: readonly PacketRow[]): Set<string> {
  const insert = connection.query(INSERT);
  const ofNumber = connection.query<{ id: Uint8Array }, [Integer, Integer]>(OF_NUMBER);
  const put = (row: PacketRow, rival: number) =>
    insert.run(
      row.sequence,
      row.received_at_ms,
      row.entropy_index,
      row.epoch,
      row.reading_at_ms,
      row.hotspot,
      row.type,
      row.late,
      rival,
      row.reading_source,
      row.id,
      row.bytes,
    ).changes > 0;
  const added = new Set<string>();
  for (const row of rows) {
    const isRival = () => {
      const stored = ofNumber.all(row.hotspot, row.sequence);
      return stored.length === 1 && stored.every(({ id }) => !equalBytes(id, row.id));
    };
    if (put(row, 0) || (isRival() && put(row, 1))) added.add(row.id.toHex());
  }
  return added;
}

async function firstBeaconIndexes(
  sql: SQL,
  hotspotIds: Iterable<string>,
  first: number,
  last: number,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const chunk of chunksOf(hotspotIds)) {
    const rows = await sql<{ id: string; lowest: Integer }[]>`
      SELECT s.id, MIN(p.entropy_index) AS lowest FROM senders s JOIN packets p ON p.hotspot = s.number
      WHERE s.id IN ${sql(chunk)} AND p.type = ${TYPE_NUMBERS.beacon} AND p.late = 0
        AND p.entropy_index >= ${first} AND p.entropy_index <= ${last} GROUP BY s.id`;
    for (const row of rows) found.set(row.id, Number(row.lowest));
  }
  return found;
}

/** At most two packets have one number, so each report has at most one rival. */
async function reusedNumbers(sql: SQL, entropyIndex: number, epoch: number): Promise<Set<string>> {
  const rows = await sql<{ id: Uint8Array }[]>`SELECT p.id FROM packets p
    WHERE p.entropy_index = ${entropyIndex} AND p.epoch = ${epoch} AND p.late = 0 AND EXISTS (
      SELECT 1 FROM packets q WHERE q.hotspot = p.hotspot AND q.sequence = p.sequence
        AND (q.epoch < p.epoch OR (q.epoch = p.epoch AND (q.received_at_ms < p.received_at_ms
          OR (q.received_at_ms = p.received_at_ms AND q.id < p.id)))))`;
  return new Set(rows.map(({ id }) => id.toHex()));
}

/** Each report's predecessor is looked up in `packets_epoch`: nearly always the first row below it. */
async function earlierReports(
  sql: SQL,
  entropyIndex: number,
  epoch: number,
): Promise<Map<string, ReportTimes>> {
  const rows = await sql<{ id: Uint8Array; bytes: Uint8Array | null }[]>`SELECT p.id, (
      SELECT r.bytes FROM packets r
      WHERE r.epoch = ${epoch} AND r.hotspot = p.hotspot AND r.late = 0 AND r.sequence < p.sequence
        AND r.entropy_index <= ${entropyIndex}
      ORDER BY r.sequence DESC, r.id LIMIT 1) AS bytes
    FROM packets p WHERE p.entropy_index = ${entropyIndex} AND p.epoch = ${epoch} AND p.late = 0`;
  return new Map(rows.flatMap(({ id, bytes }) => (bytes === null ? [] : [[id.toHex(), timesOf(bytes)]])));
}

/** @throws {TypeError} if the store does not hold what ingest put there */
function timesOf(bytes: Uint8Array): ReportTimes {
  const result = decodePacket(plainBytes(bytes));
  const packet = result.ok ? result.decoded.packet : undefined;
  if (packet?.type !== "beacon" && packet?.type !== "witness") {
    throw new TypeError("A stored report cannot be decoded");
  }
  return { entropyIndex: packet.entropyIndex, atMs: packet.atMs, tmstUs: packet.tmstUs };
}
