import type { Database as SqliteConnection } from "bun:sqlite";
import { decodePacket, type PacketType, type ReportTimes } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import type { StoredPacket } from "./records.ts";
import { chunksOf, type Integer, inChunks, nullableNumber, plainBytes } from "./rows.ts";
import type { Store } from "./store.ts";
import type { Dialect, TableSchema } from "./table-schema.ts";

/** Packets kept with one sequence number: the first, and one conflicting as evidence. */
const MAX_PACKETS_OF_A_NUMBER = 2;

const ofNumber = `SELECT COUNT(*) FROM (SELECT 1 FROM packets
  WHERE hotspot_id = NEW.hotspot_id AND sequence = NEW.sequence LIMIT ${MAX_PACKETS_OF_A_NUMBER}) AS known`;

/** Rows beyond `MAX_PACKETS_OF_A_NUMBER` are left out without an error, as those that conflict are. */
const RIVALS: Readonly<Record<Dialect, readonly string[]>> = {
  sqlite: [
    `CREATE TRIGGER IF NOT EXISTS packets_rivals BEFORE INSERT ON packets
      WHEN (${ofNumber}) = ${MAX_PACKETS_OF_A_NUMBER} BEGIN SELECT RAISE(IGNORE); END`,
  ],
  postgres: [
    `CREATE OR REPLACE FUNCTION packets_rivals() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF (${ofNumber}) = ${MAX_PACKETS_OF_A_NUMBER} THEN RETURN NULL; END IF;
        RETURN NEW;
      END $$`,
    `CREATE OR REPLACE TRIGGER packets_rivals BEFORE INSERT ON packets
      FOR EACH ROW EXECUTE FUNCTION packets_rivals()`,
  ],
};

export const packetsSchema: TableSchema = ({ dialect, text, bytes }) => [
  `CREATE TABLE IF NOT EXISTS packets (
    id ${text} NOT NULL, hotspot_id ${text} NOT NULL, type ${text} NOT NULL, sequence BIGINT NOT NULL,
    received_at_ms BIGINT NOT NULL, bytes ${bytes} NOT NULL, entropy_index BIGINT, beacon_key ${text},
    epoch BIGINT, late BIGINT NOT NULL, reading_source ${text}, reading_at_ms BIGINT)`,
  // An index on the id alone would cost as much as all else that storing does: ids are random, so each packet
  // would touch a page of its own. A packet's id covers its hotspot and number, so this finds repetitions as well.
  "CREATE UNIQUE INDEX IF NOT EXISTS packets_sequence ON packets (hotspot_id, sequence, id)",
  "CREATE INDEX IF NOT EXISTS packets_index ON packets (entropy_index) WHERE entropy_index IS NOT NULL",
  ...RIVALS[dialect],
  // Beside an epoch's packets it finds a hotspot's timely report before another one, however much the hotspot sends.
  `CREATE INDEX IF NOT EXISTS packets_epoch ON packets (epoch, hotspot_id, late, sequence, entropy_index)
    WHERE epoch IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS packets_beacon ON packets (hotspot_id, entropy_index)
    WHERE type = 'beacon' AND late = 0`,
  `CREATE INDEX IF NOT EXISTS packets_reading ON packets (hotspot_id, reading_source, reading_at_ms)
    WHERE reading_source IS NOT NULL`,
];

interface PacketRow {
  id: string;
  hotspot_id: string;
  type: PacketType;
  sequence: Integer;
  received_at_ms: Integer;
  bytes: Uint8Array;
  entropy_index: Integer | null;
  beacon_key: string | null;
  epoch: Integer | null;
  late: Integer;
  reading_source: string | null;
  reading_at_ms: Integer | null;
}

const rowOf = (packet: StoredPacket): PacketRow => ({
  id: packet.id,
  hotspot_id: packet.hotspotId,
  type: packet.type,
  sequence: packet.sequence,
  received_at_ms: packet.receivedAtMs,
  bytes: packet.bytes,
  entropy_index: packet.entropyIndex,
  beacon_key: packet.beaconKey,
  epoch: packet.epoch,
  late: Number(packet.isLate),
  reading_source: packet.reading?.source ?? null,
  reading_at_ms: packet.reading?.atMs ?? null,
});

const packetOf = (row: PacketRow): StoredPacket => ({
  id: row.id,
  hotspotId: row.hotspot_id,
  type: row.type,
  sequence: Number(row.sequence),
  receivedAtMs: Number(row.received_at_ms),
  bytes: plainBytes(row.bytes),
  entropyIndex: nullableNumber(row.entropy_index),
  beaconKey: row.beacon_key,
  epoch: nullableNumber(row.epoch),
  isLate: Number(row.late) === 1,
  ...(row.reading_source !== null && {
    reading: { source: row.reading_source, atMs: Number(row.reading_at_ms) },
  }),
});

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

export function packetTable({ sql, transaction, prepared }: Database): PacketQueries {
  const list = async (query: SQL.Query<PacketRow[]>) => (await query).map(packetOf);
  return {
    addPackets(packets) {
      if (prepared !== undefined) return prepared((connection) => insertPrepared(connection, packets));
      return transaction((tx) => insertRows(tx, packets.map(rowOf)));
    },
    reportsOfIndex: (entropyIndex) =>
      list(sql<PacketRow[]>`SELECT * FROM packets WHERE entropy_index = ${entropyIndex} ORDER BY id`),
    async packetsOfEpoch(epoch, hotspotIds) {
      if (hotspotIds === undefined)
        return list(sql<PacketRow[]>`SELECT * FROM packets WHERE epoch = ${epoch} ORDER BY id`);
      const found: StoredPacket[] = [];
      for (const chunk of chunksOf(hotspotIds)) {
        const rows = await list(sql<PacketRow[]>`SELECT * FROM packets
          WHERE epoch = ${epoch} AND hotspot_id IN ${sql(chunk)}`);
        for (const packet of rows) found.push(packet);
      }
      return found.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    async rowsOfEpoch(epoch) {
      const rows = await sql<{ hotspot_id: string; count: Integer }[]>`
        SELECT hotspot_id, SUM(n) AS count FROM (
          SELECT hotspot_id, COUNT(*) AS n FROM packets WHERE epoch = ${epoch} GROUP BY hotspot_id
          UNION ALL SELECT hotspot_id, COUNT(*) FROM verdicts WHERE epoch = ${epoch} GROUP BY hotspot_id) AS parts
        GROUP BY hotspot_id ORDER BY hotspot_id`;
      return new Map(rows.map((row) => [row.hotspot_id, Number(row.count)]));
    },
    packetsBySequence: async (hotspotId, sequences) =>
      sequences.length === 0
        ? []
        : list(sql<PacketRow[]>`SELECT * FROM packets
            WHERE hotspot_id = ${hotspotId} AND sequence IN ${sql([...sequences])} ORDER BY id`),
    firstBeaconIndexes: (hotspotIds, first, last) => firstBeaconIndexes(sql, hotspotIds, first, last),
    reusedNumbers: (entropyIndex, epoch) => reusedNumbers(sql, entropyIndex, epoch),
    earlierReports: (entropyIndex, epoch) => earlierReports(sql, entropyIndex, epoch),
    unjudgedReports: (epoch, throughIndex, limit) =>
      list(sql<PacketRow[]>`SELECT p.* FROM packets p LEFT JOIN verdicts v ON v.packet_id = p.id
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
    const inserted = await tx<{ id: string }[]>`
      INSERT INTO packets ${tx(chunk)} ON CONFLICT (hotspot_id, sequence, id) DO NOTHING RETURNING id`;
    for (const { id } of inserted) added.add(id);
  });
  return added;
}

const INSERT = `INSERT INTO packets (id, hotspot_id, type, sequence, received_at_ms, bytes, entropy_index,
    beacon_key, epoch, late, reading_source, reading_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (hotspot_id, sequence, id) DO NOTHING`;

/**
 * The one exception to one SQL for both databases: nearly all that a gateway writes are packets, and SQLite compiles a
 * statement with many rows anew for each number of rows. The gain is small: inserts alone took less of the process's own
 * CPU in most runs side by side, ingest as a whole did not (`bun run bench ingest`). It does the same as `insertRows`; one
 * contract suite checks both.
 */
function insertPrepared(connection: SqliteConnection, packets: readonly StoredPacket[]): Set<string> {
  const insert = connection.query(INSERT);
  const added = new Set<string>();
  for (const packet of packets) {
    const { changes } = insert.run(
      packet.id,
      packet.hotspotId,
      packet.type,
      packet.sequence,
      packet.receivedAtMs,
      packet.bytes,
      packet.entropyIndex,
      packet.beaconKey,
      packet.epoch,
      Number(packet.isLate),
      packet.reading?.source ?? null,
      packet.reading?.atMs ?? null,
    );
    if (changes > 0) added.add(packet.id);
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
    const rows = await sql<{ hotspot_id: string; lowest: Integer }[]>`
      SELECT hotspot_id, MIN(entropy_index) AS lowest FROM packets WHERE type = 'beacon' AND late = 0
        AND hotspot_id IN ${sql(chunk)} AND entropy_index >= ${first} AND entropy_index <= ${last}
      GROUP BY hotspot_id`;
    for (const row of rows) found.set(row.hotspot_id, Number(row.lowest));
  }
  return found;
}

/** At most two packets have one number, so each report has at most one rival. */
async function reusedNumbers(sql: SQL, entropyIndex: number, epoch: number): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`SELECT p.id FROM packets p
    WHERE p.entropy_index = ${entropyIndex} AND p.epoch = ${epoch} AND p.late = 0 AND EXISTS (
      SELECT 1 FROM packets q WHERE q.hotspot_id = p.hotspot_id AND q.sequence = p.sequence
        AND (q.epoch < p.epoch OR (q.epoch = p.epoch AND (q.received_at_ms < p.received_at_ms
          OR (q.received_at_ms = p.received_at_ms AND q.id < p.id)))))`;
  return new Set(rows.map(({ id }) => id));
}

/** Each report's predecessor is looked up in `packets_epoch`: nearly always the first row below it. */
async function earlierReports(
  sql: SQL,
  entropyIndex: number,
  epoch: number,
): Promise<Map<string, ReportTimes>> {
  const rows = await sql<{ packet_id: string; bytes: Uint8Array | null }[]>`SELECT p.id AS packet_id, (
      SELECT r.bytes FROM packets r
      WHERE r.epoch = ${epoch} AND r.hotspot_id = p.hotspot_id AND r.late = 0 AND r.sequence < p.sequence
        AND r.entropy_index <= ${entropyIndex}
      ORDER BY r.sequence DESC, r.id LIMIT 1) AS bytes
    FROM packets p WHERE p.entropy_index = ${entropyIndex} AND p.epoch = ${epoch} AND p.late = 0`;
  return new Map(rows.flatMap(({ packet_id: id, bytes }) => (bytes === null ? [] : [[id, timesOf(bytes)]])));
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
