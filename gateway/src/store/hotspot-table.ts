import type { Hotspot, RegionId, RegistryChange } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import { type Integer, nullableNumber, plainBytes } from "./rows.ts";
import type { Store } from "./store.ts";

/** A hotspot as it is from one of its changes on. */
interface HotspotRow {
  id: string;
  from_epoch: Integer;
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
}

const rowOf = (hotspot: Hotspot): HotspotRow => ({
  id: hotspot.id,
  from_epoch: hotspot.change.fromEpoch,
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
});

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
});

/** Ids in one statement. */
const CHUNK = 1000;

type HotspotQueries = Pick<
  Store,
  "putHotspot" | "hotspot" | "hotspots" | "hotspotsById" | "hotspotIds" | "hotspotHistory" | "registryChanges"
>;

export function hotspotTable({ sql, statement }: Database): HotspotQueries {
  return {
    async putHotspot(hotspot) {
      await statement(
        (tx) => tx`INSERT INTO hotspots ${tx(rowOf(hotspot))} ON CONFLICT (id, from_epoch) DO UPDATE SET
          cell = excluded.cell, lat_e7 = excluded.lat_e7, lon_e7 = excluded.lon_e7,
          elevation_m = excluded.elevation_m, antenna_gain_ddbi = excluded.antenna_gain_ddbi,
          region = excluded.region, payee = excluded.payee, registered_at_ms = excluded.registered_at_ms,
          settled_cell = excluded.settled_cell, relocated_at_ms = excluded.relocated_at_ms,
          changed_at_ms = excluded.changed_at_ms, evidence = excluded.evidence`,
      );
    },
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
    async hotspotsById(ids, epoch) {
      const wanted = [...new Set(ids)];
      const found = new Map<string, Hotspot>();
      for (let from = 0; from < wanted.length; from += CHUNK) {
        for (const row of await inForce(sql, wanted.slice(from, from + CHUNK), epoch)) {
          found.set(row.id, hotspotOf(row));
        }
      }
      return found;
    },
    async hotspotIds() {
      const rows = await sql<{ id: string }[]>`SELECT DISTINCT id FROM hotspots ORDER BY id`;
      return rows.map(({ id }) => id);
    },
    async hotspotHistory(id) {
      const rows = await sql<HotspotRow[]>`SELECT * FROM hotspots WHERE id = ${id} ORDER BY from_epoch`;
      return rows.map(hotspotOf);
    },
    registryChanges: (epoch) => registryChanges(sql, epoch),
  };
}

const inForce = (sql: SQL, ids: string[], epoch: number): SQL.Query<HotspotRow[]> =>
  sql<HotspotRow[]>`SELECT h.* FROM hotspots h WHERE h.id IN ${sql(ids)} AND h.from_epoch = (
    SELECT MAX(n.from_epoch) FROM hotspots n WHERE n.id = h.id AND n.from_epoch <= ${epoch})`;

async function registryChanges(sql: SQL, epoch: number): Promise<Map<string, RegistryChange[]>> {
  const rows = await sql<ChangeRow[]>`SELECT id, from_epoch, changed_at_ms, evidence FROM hotspots
    WHERE from_epoch <= ${epoch} ORDER BY id, from_epoch`;
  const changes = new Map<string, RegistryChange[]>();
  for (const row of rows) {
    const own = changes.get(row.id);
    if (own === undefined) changes.set(row.id, [changeOf(row)]);
    else own.push(changeOf(row));
  }
  return changes;
}
