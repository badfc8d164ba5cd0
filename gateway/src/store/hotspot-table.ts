import type { Hotspot, RegionId } from "@earshot/protocol";
import type { Database } from "./database.ts";
import { type Integer, plainBytes } from "./rows.ts";
import type { Store } from "./store.ts";

interface HotspotRow {
  id: string;
  effective_epoch: Integer;
  public_key: Uint8Array;
  lat_e7: Integer;
  lon_e7: Integer;
  elevation_m: Integer;
  antenna_gain_ddbi: Integer;
  region: RegionId;
  payee: Uint8Array | null;
  registered_at_ms: Integer;
  evidence: Uint8Array | null;
}

const rowOf = (hotspot: Hotspot, effectiveEpoch: number): HotspotRow => ({
  id: hotspot.id,
  effective_epoch: effectiveEpoch,
  public_key: hotspot.publicKey,
  lat_e7: hotspot.latE7,
  lon_e7: hotspot.lonE7,
  elevation_m: hotspot.elevationM,
  antenna_gain_ddbi: hotspot.antennaGainDdbi,
  region: hotspot.region,
  payee: hotspot.payee,
  registered_at_ms: hotspot.registeredAtMs,
  evidence: hotspot.evidence,
});

const hotspotOf = (row: HotspotRow): Hotspot => ({
  id: row.id,
  publicKey: plainBytes(row.public_key),
  latE7: Number(row.lat_e7),
  lonE7: Number(row.lon_e7),
  elevationM: Number(row.elevation_m),
  antennaGainDdbi: Number(row.antenna_gain_ddbi),
  region: row.region,
  payee: row.payee === null ? null : plainBytes(row.payee),
  registeredAtMs: Number(row.registered_at_ms),
  evidence: row.evidence === null ? null : plainBytes(row.evidence),
});

export function hotspotTable({
  sql,
  statement,
}: Database): Pick<Store, "putHotspot" | "hotspot" | "hotspots"> {
  return {
    async putHotspot(hotspot, effectiveFromEpoch = 0) {
      const row = rowOf(hotspot, effectiveFromEpoch);
      await statement(
        (tx) => tx`INSERT INTO hotspots ${tx(row)} ON CONFLICT (id, effective_epoch) DO UPDATE SET
          lat_e7 = excluded.lat_e7, lon_e7 = excluded.lon_e7, elevation_m = excluded.elevation_m,
          antenna_gain_ddbi = excluded.antenna_gain_ddbi, region = excluded.region, payee = excluded.payee,
          registered_at_ms = excluded.registered_at_ms, evidence = excluded.evidence`,
      );
    },
    async hotspot(id) {
      const [row] = await sql<HotspotRow[]>`
        SELECT * FROM hotspots WHERE id = ${id} ORDER BY effective_epoch DESC LIMIT 1`;
      return row === undefined ? undefined : hotspotOf(row);
    },
    async hotspots(epoch = Number.MAX_SAFE_INTEGER) {
      const rows = await sql<HotspotRow[]>`SELECT h.* FROM hotspots h JOIN (
          SELECT id, MAX(effective_epoch) AS newest FROM hotspots WHERE effective_epoch <= ${epoch} GROUP BY id
        ) n ON n.id = h.id AND n.newest = h.effective_epoch ORDER BY h.id`;
      return rows.map(hotspotOf);
    },
  };
}
