import {
  ASSERTED_CHANGE,
  type ChangeRecord,
  type Hotspot,
  type RegionId,
  type RegistryChange,
  registryChangeHash,
  shortId,
} from "@earshot/protocol";
import type { SQL } from "bun";
import { commitmentsOf } from "./commitment-table.ts";
import type { Database } from "./database.ts";
import { chunksOf, type Integer, nullableNumber, plainBytes } from "./rows.ts";
import type { Store, UnshownHotspots } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const hotspotsSchema: TableSchema = ({ text, bytes }) => [
  `CREATE TABLE IF NOT EXISTS hotspots (
    id ${text} NOT NULL, from_epoch BIGINT NOT NULL, short_id ${text} NOT NULL, public_key ${bytes} NOT NULL, cell ${text} NOT NULL,
    lat_e7 BIGINT NOT NULL, lon_e7 BIGINT NOT NULL, elevation_m BIGINT NOT NULL, antenna_gain_ddbi BIGINT NOT NULL,
    region ${text} NOT NULL, payee ${bytes}, registered_at_ms BIGINT NOT NULL, settled_cell ${text} NOT NULL,
    relocated_at_ms BIGINT, changed_at_ms BIGINT NOT NULL, evidence ${bytes} NOT NULL,
    retired_from_epoch BIGINT, successor ${text}, predecessor ${text},
    PRIMARY KEY (id, from_epoch))`,
  "CREATE INDEX IF NOT EXISTS hotspots_epoch ON hotspots (from_epoch)",
  // Each hotspot once: the epoch of the first bundle that it is in, or since when it waits to be in one.
  `CREATE TABLE IF NOT EXISTS shown (
    hotspot_id ${text} PRIMARY KEY, since_epoch BIGINT, waits_since_ms BIGINT)`,
  `CREATE INDEX IF NOT EXISTS shown_waiting ON shown (waits_since_ms, hotspot_id)
    WHERE waits_since_ms IS NOT NULL`,
  // Each change of `hotspots`, also of those that are forgotten: the registry's hash stands for all of them.
  `CREATE TABLE IF NOT EXISTS change_records (
    from_epoch BIGINT NOT NULL, public_key ${bytes} NOT NULL, kind BIGINT NOT NULL, hash ${bytes} NOT NULL,
    PRIMARY KEY (from_epoch, public_key, kind))`,
  // Beacons name their sender by it.
  "CREATE INDEX IF NOT EXISTS hotspots_short_id ON hotspots (short_id)",
];

/** A hotspot as it is from one of its changes on. */
interface HotspotRow {
  id: string;
  from_epoch: Integer;
  /** Lower-case hex, as in the key of a beacon. */
  short_id: string;
  public_key: Uint8Array;
  cell: string;
  lat_e7: Integer;
  lon_e7: Integer;
  elevation_m: Integer;
  antenna_gain_ddbi: Integer;
  region: RegionId;
  payee: Uint8Array | null;
  registered_at_ms: Integer;
  settled_cell: string;
  relocated_at_ms: Integer | null;
  changed_at_ms: Integer;
  evidence: Uint8Array;
  /** Null while its key is in use. */
  retired_from_epoch: Integer | null;
  successor: string | null;
  predecessor: string | null;
}

const rowOf = (hotspot: Hotspot): HotspotRow => ({
  id: hotspot.id,
  from_epoch: hotspot.change.fromEpoch,
  short_id: shortId(hotspot.publicKey).toHex(),
  public_key: hotspot.publicKey,
  cell: hotspot.cell,
  lat_e7: hotspot.latE7,
  lon_e7: hotspot.lonE7,
  elevation_m: hotspot.elevationM,
  antenna_gain_ddbi: hotspot.antennaGainDdbi,
  region: hotspot.region,
  payee: hotspot.payee,
  registered_at_ms: hotspot.registeredAtMs,
  settled_cell: hotspot.settledCell,
  relocated_at_ms: hotspot.relocatedAtMs,
  changed_at_ms: hotspot.change.atMs,
  evidence: hotspot.change.evidence,
  retired_from_epoch: hotspot.retired?.fromEpoch ?? null,
  successor: hotspot.retired?.successor ?? null,
  predecessor: hotspot.predecessor,
});

interface ChangeRecordRow {
  from_epoch: Integer;
  public_key: Uint8Array;
  kind: Integer;
  hash: Uint8Array;
}

type ChangeRow = Pick<HotspotRow, "id" | "from_epoch" | "changed_at_ms" | "evidence">;

const changeOf = (row: ChangeRow): RegistryChange => ({
  atMs: Number(row.changed_at_ms),
  fromEpoch: Number(row.from_epoch),
  evidence: plainBytes(row.evidence),
});

const hotspotOf = (row: HotspotRow): Hotspot => ({
  id: row.id,
  publicKey: plainBytes(row.public_key),
  cell: row.cell,
  latE7: Number(row.lat_e7),
  lonE7: Number(row.lon_e7),
  elevationM: Number(row.elevation_m),
  antennaGainDdbi: Number(row.antenna_gain_ddbi),
  region: row.region,
  payee: row.payee === null ? null : plainBytes(row.payee),
  registeredAtMs: Number(row.registered_at_ms),
  settledCell: row.settled_cell,
  relocatedAtMs: nullableNumber(row.relocated_at_ms),
  change: changeOf(row),
  retired:
    row.retired_from_epoch === null
      ? null
      : { fromEpoch: Number(row.retired_from_epoch), successor: row.successor },
  predecessor: row.predecessor,
  commitments: [],
});

type HotspotQueries = Pick<
  Store,
  | "putHotspot"
  | "putHotspots"
  | "hotspot"
  | "hotspots"
  | "hotspotPage"
  | "hotspotsById"
  | "hotspotsByShortId"
  | "hotspotIds"
  | "hotspotHistory"
  | "registryChanges"
  | "changeRecords"
  | "shownSince"
  | "shownAndChanged"
  | "forgetUnshown"
>;

export function hotspotTable({ sql, transaction }: Database): HotspotQueries {
  return {
    putHotspot: (hotspot, isKept = false) => transaction((tx) => putHotspot(tx, hotspot, isKept)),
    putHotspots: (hotspots) =>
      transaction(async (tx) => {
        for (const hotspot of hotspots) await putHotspot(tx, hotspot, true);
      }),
    async hotspot(id) {
      const [row] = await sql<HotspotRow[]>`
        SELECT * FROM hotspots WHERE id = ${id} ORDER BY from_epoch DESC LIMIT 1`;
      return row === undefined ? undefined : hotspotOf(row);
    },
    async hotspots(epoch = Number.MAX_SAFE_INTEGER) {
      const rows = await sql<HotspotRow[]>`SELECT h.* FROM hotspots h JOIN (
          SELECT id, MAX(from_epoch) AS newest FROM hotspots WHERE from_epoch <= ${epoch} GROUP BY id
        ) n ON n.id = h.id AND n.newest = h.from_epoch ORDER BY h.id`;
      return rows.map(hotspotOf);
    },
    async hotspotPage({ limit, after = "" }) {
      const rows = await sql<
        HotspotRow[]
      >`SELECT h.* FROM hotspots h WHERE h.id > ${after} AND h.from_epoch = (
        SELECT MAX(n.from_epoch) FROM hotspots n WHERE n.id = h.id) ORDER BY h.id LIMIT ${limit}`;
      return rows.map(hotspotOf);
    },
    async hotspotsById(ids, epoch = Number.MAX_SAFE_INTEGER) {
      const found = new Map<string, Hotspot>();
      for (const chunk of chunksOf(ids)) {
        const commitments = await commitmentsOf(sql, chunk, epoch);
        for (const row of await inForce(sql, chunk, epoch)) {
          found.set(row.id, { ...hotspotOf(row), commitments: commitments.get(row.id) ?? [] });
        }
      }
      return found;
    },
    hotspotsByShortId: (shortIds) => byShortId(sql, shortIds),
    async hotspotIds() {
      const rows = await sql<{ id: string }[]>`SELECT DISTINCT id FROM hotspots ORDER BY id`;
      return rows.map(({ id }) => id);
    },
    async hotspotHistory(id) {
      const rows = await sql<HotspotRow[]>`SELECT * FROM hotspots WHERE id = ${id} ORDER BY from_epoch`;
      return rows.map(hotspotOf);
    },
    registryChanges: (ids, epoch) => registryChanges(sql, ids, epoch),
    changeRecords: (after, through) => changeRecords(sql, after, through),
    async shownSince(ids) {
      const found = new Map<string, number>();
      for (const chunk of chunksOf(ids)) {
        const rows = await sql<{ hotspot_id: string; since_epoch: Integer }[]>`SELECT hotspot_id, since_epoch
          FROM shown WHERE hotspot_id IN ${sql(chunk)} AND since_epoch IS NOT NULL`;
        for (const row of rows) found.set(row.hotspot_id, Number(row.since_epoch));
      }
      return found;
    },
    async shownAndChanged(after, through, fromChain) {
      const rows = await sql<{ id: string }[]>`SELECT DISTINCT c.id FROM (
          SELECT id, from_epoch FROM hotspots WHERE from_epoch > ${after} AND from_epoch <= ${through}
          UNION ALL SELECT hotspot_id AS id, from_epoch FROM commitments
            WHERE from_epoch > ${after} AND from_epoch <= ${through} AND chain >= ${fromChain}) c
        JOIN shown s ON s.hotspot_id = c.id AND s.since_epoch IS NOT NULL ORDER BY c.id`;
      return rows.map(({ id }) => id);
    },
    forgetUnshown: (which) => transaction((tx) => forgetUnshown(tx, which)),
  };
}

async function byShortId(sql: SQL, shortIds: Iterable<string>): Promise<Map<string, Hotspot>> {
  const found = new Map<string, Hotspot>();
  for (const chunk of chunksOf(shortIds)) {
    const rows = await sql<HotspotRow[]>`
      SELECT * FROM hotspots WHERE short_id IN ${sql(chunk)} ORDER BY from_epoch`;
    for (const row of rows) found.set(row.short_id, hotspotOf(row));
  }
  return found;
}

async function putHotspot(tx: SQL, hotspot: Hotspot, isKept: boolean): Promise<void> {
  await tx`INSERT INTO hotspots ${tx(rowOf(hotspot))} ON CONFLICT (id, from_epoch) DO UPDATE SET
    cell = excluded.cell, lat_e7 = excluded.lat_e7, lon_e7 = excluded.lon_e7,
    elevation_m = excluded.elevation_m, antenna_gain_ddbi = excluded.antenna_gain_ddbi,
    region = excluded.region, payee = excluded.payee, registered_at_ms = excluded.registered_at_ms,
    settled_cell = excluded.settled_cell, relocated_at_ms = excluded.relocated_at_ms,
    changed_at_ms = excluded.changed_at_ms, evidence = excluded.evidence,
    retired_from_epoch = excluded.retired_from_epoch, successor = excluded.successor,
    predecessor = excluded.predecessor`;
  const record: ChangeRecordRow = {
    from_epoch: hotspot.change.fromEpoch,
    public_key: hotspot.publicKey,
    kind: ASSERTED_CHANGE,
    hash: registryChangeHash(hotspot.publicKey, hotspot.change),
  };
  await tx`INSERT INTO change_records ${tx(record)} ON CONFLICT (from_epoch, public_key, kind) DO UPDATE SET
    hash = excluded.hash`;
  const row = {
    hotspot_id: hotspot.id,
    since_epoch: null,
    waits_since_ms: isKept ? null : hotspot.change.atMs,
  };
  await tx`INSERT INTO shown ${tx(row)} ON CONFLICT (hotspot_id) DO NOTHING`;
  if (isKept) await tx`UPDATE shown SET waits_since_ms = NULL WHERE hotspot_id = ${hotspot.id}`;
}

async function changeRecords(sql: SQL, after: number, through: number): Promise<ChangeRecord[]> {
  const rows = await sql<ChangeRecordRow[]>`SELECT * FROM change_records
    WHERE from_epoch > ${after} AND from_epoch <= ${through} ORDER BY from_epoch, public_key, kind`;
  return rows.map((row) => ({
    fromEpoch: Number(row.from_epoch),
    publicKey: plainBytes(row.public_key),
    kind: Number(row.kind),
    hash: plainBytes(row.hash),
  }));
}

/** Part of closing an epoch, in its transaction: these are in its bundle. */
export async function markShown(tx: SQL, epoch: number, ids: readonly string[]): Promise<void> {
  for (const chunk of chunksOf(ids)) {
    await tx`UPDATE shown SET since_epoch = ${epoch}, waits_since_ms = NULL
      WHERE hotspot_id IN ${tx(chunk)} AND since_epoch IS NULL`;
  }
}

async function forgetUnshown(tx: SQL, { beforeMs, keep, limit, epochs }: UnshownHotspots): Promise<string[]> {
  // A hotspot that still sends status packets is forgotten last.
  await tx`UPDATE shown SET waits_since_ms = (
      SELECT received_at_ms FROM statuses WHERE statuses.hotspot_id = shown.hotspot_id)
    WHERE waits_since_ms < ${beforeMs} AND EXISTS (SELECT 1 FROM statuses
      WHERE statuses.hotspot_id = shown.hotspot_id AND statuses.received_at_ms >= ${beforeMs})`;
  const [row] = await tx<{ waiting: Integer }[]>`
    SELECT COUNT(*) AS waiting FROM shown WHERE waits_since_ms IS NOT NULL`;
  const surplus = Math.max(0, Number(row?.waiting) - keep);
  const found = await tx<{ hotspot_id: string; waits_since_ms: Integer; reports: Integer }[]>`
    SELECT hotspot_id, waits_since_ms, (SELECT COUNT(*) FROM (SELECT 1 FROM packets WHERE epoch IN ${tx([...epochs])}
      AND packets.hotspot = (SELECT number FROM senders WHERE senders.id = shown.hotspot_id) LIMIT 1) AS one) AS reports
    FROM shown WHERE waits_since_ms IS NOT NULL ORDER BY waits_since_ms, hotspot_id LIMIT ${limit}`;
  const forgotten = found
    .filter(
      ({ reports, waits_since_ms: since }, i) =>
        Number(reports) === 0 && (i < surplus || Number(since) < beforeMs),
    )
    .map(({ hotspot_id: id }) => id);
  // What counts already stays part of the registry's history.
  const waiting = Math.max(...epochs);
  for (const chunk of chunksOf(forgotten)) {
    await tx`DELETE FROM change_records WHERE from_epoch >= ${waiting}
      AND public_key IN (SELECT public_key FROM hotspots WHERE id IN ${tx(chunk)})`;
    await tx`DELETE FROM hotspots WHERE id IN ${tx(chunk)}`;
    await tx`DELETE FROM commitments WHERE hotspot_id IN ${tx(chunk)}`;
    await tx`DELETE FROM statuses WHERE hotspot_id IN ${tx(chunk)}`;
    await tx`DELETE FROM shown WHERE hotspot_id IN ${tx(chunk)}`;
  }
  return forgotten;
}

/** As changes at this time or later made them; part of taking them back, in its transaction. */
export async function hotspotsChangedSince(tx: SQL, atMs: number): Promise<Hotspot[]> {
  const rows = await tx<
    HotspotRow[]
  >`SELECT * FROM hotspots WHERE changed_at_ms >= ${atMs} ORDER BY id, from_epoch`;
  return rows.map(hotspotOf);
}

const inForce = (sql: SQL, ids: string[], epoch: number): SQL.Query<HotspotRow[]> =>
  sql<HotspotRow[]>`SELECT h.* FROM hotspots h WHERE h.id IN ${sql(ids)} AND h.from_epoch = (
    SELECT MAX(n.from_epoch) FROM hotspots n WHERE n.id = h.id AND n.from_epoch <= ${epoch})`;

async function registryChanges(
  sql: SQL,
  ids: Iterable<string>,
  epoch: number,
): Promise<Map<string, RegistryChange[]>> {
  const changes = new Map<string, RegistryChange[]>();
  for (const chunk of chunksOf(ids)) {
    const rows = await sql<ChangeRow[]>`SELECT id, from_epoch, changed_at_ms, evidence FROM hotspots
      WHERE id IN ${sql(chunk)} AND from_epoch <= ${epoch} ORDER BY id, from_epoch`;
    for (const row of rows) {
      const own = changes.get(row.id);
      if (own === undefined) changes.set(row.id, [changeOf(row)]);
      else own.push(changeOf(row));
    }
  }
  return changes;
}
