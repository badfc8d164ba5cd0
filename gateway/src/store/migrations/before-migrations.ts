import { shortId } from "@earshot/protocol";
import type { SQL } from "bun";
import { plainBytes } from "../rows.ts";
import type { ColumnTypes } from "../table-schema.ts";
import { type Migration, madeAnew, run, same, statements } from "./migration.ts";

/*
 * From schema 6 to 10: what used to be refused with "start with an empty database", made good.
 */

/**
 * The registry's hash begins anew: no bundle of before has one. No hotspot counts as shown, so each is shown with all its
 * changes in the next bundle that it takes part in; none is forgotten, since all were in bundles.
 */
const registryHashes = statements(({ text, bytes }) => [
  ...madeAnew(
    "epochs",
    `CREATE TABLE epochs (
      epoch BIGINT PRIMARY KEY, from_ms BIGINT NOT NULL, to_ms BIGINT NOT NULL, closed_at_ms BIGINT NOT NULL,
      pool ${text} NOT NULL, paid ${text} NOT NULL, unallocated ${text} NOT NULL, root ${bytes} NOT NULL,
      manifest_hash ${bytes} NOT NULL, parameters_hash ${bytes} NOT NULL, registry_hash ${bytes} NOT NULL,
      bundle ${text} NOT NULL)`,
    {
      ...same("epoch, from_ms, to_ms, closed_at_ms, pool, paid, unallocated, root, manifest_hash"),
      ...same("parameters_hash, bundle"),
      registry_hash: bytes === "BLOB" ? "zeroblob(32)" : `decode(repeat('00', 32), 'hex')`,
    },
  ),
  `CREATE TABLE shown (hotspot_id ${text} PRIMARY KEY, since_epoch BIGINT, waits_since_ms BIGINT)`,
  "INSERT INTO shown (hotspot_id) SELECT DISTINCT id FROM hotspots",
  "CREATE INDEX shown_waiting ON shown (waits_since_ms, hotspot_id) WHERE waits_since_ms IS NOT NULL",
  "CREATE INDEX hotspots_epoch ON hotspots (from_epoch)",
]);

const SAME_OF_HOTSPOT =
  "id, from_epoch, public_key, cell, lat_e7, lon_e7, elevation_m, antenna_gain_ddbi, region, payee, registered_at_ms, settled_cell, relocated_at_ms, changed_at_ms, evidence";

const shortIds: Migration = async (tx, { text, bytes }) => {
  const create = `CREATE TABLE hotspots (
    id ${text} NOT NULL, from_epoch BIGINT NOT NULL, short_id ${text} NOT NULL, public_key ${bytes} NOT NULL, cell ${text} NOT NULL,
    lat_e7 BIGINT NOT NULL, lon_e7 BIGINT NOT NULL, elevation_m BIGINT NOT NULL, antenna_gain_ddbi BIGINT NOT NULL,
    region ${text} NOT NULL, payee ${bytes}, registered_at_ms BIGINT NOT NULL, settled_cell ${text} NOT NULL,
    relocated_at_ms BIGINT, changed_at_ms BIGINT NOT NULL, evidence ${bytes} NOT NULL, PRIMARY KEY (id, from_epoch))`;
  await run(tx, madeAnew("hotspots", create, { ...same(SAME_OF_HOTSPOT), short_id: "''" }));
  const keys = await tx<{ id: string; public_key: Uint8Array }[]>`SELECT id, public_key FROM hotspots`;
  const ids = new Map(keys.map(({ id, public_key: key }) => [id, shortId(plainBytes(key)).toHex()]));
  for (const [id, short] of ids) await tx`UPDATE hotspots SET short_id = ${short} WHERE id = ${id}`;
  await run(tx, [
    "CREATE INDEX hotspots_epoch ON hotspots (from_epoch)",
    "CREATE INDEX hotspots_short_id ON hotspots (short_id)",
  ]);
};

/** The number 8 stood for two forms: without `packets.late` at first, with it and what follows from it soon after. */
const lateAndRevoked: Migration = async (tx, types) => {
  const { text, bytes } = types;
  if (!(await hasLate(tx, types))) await addLate(tx, types);
  await run(tx, [
    `CREATE TABLE taken_back (taken_back_at_ms BIGINT NOT NULL, kind ${text} NOT NULL, message ${bytes} NOT NULL)`,
  ]);
};

async function hasLate(tx: SQL, { dialect }: ColumnTypes): Promise<boolean> {
  const columns = {
    sqlite: "SELECT 1 FROM pragma_table_info('packets') WHERE name = 'late'",
    postgres: `SELECT 1 FROM information_schema.columns
      WHERE table_schema = current_schema() AND table_name = 'packets' AND column_name = 'late'`,
  };
  return (await tx.unsafe<unknown[]>(columns[dialect])).length > 0;
}

async function addLate(tx: SQL, { dialect, text, bytes }: ColumnTypes): Promise<void> {
  const [row] = await tx<{ parameters: string }[]>`
    SELECT parameters FROM parameters ORDER BY version LIMIT 1`;
  // All are fixed for a network's life; beacons had no deadline of their own at first. Without parameters there is nothing that a report could be late by.
  const fixed = JSON.parse(row?.parameters ?? "{}") as Record<string, unknown>;
  const { entropyPeriodMs, reportDeadlineMs, revealDeadlineMs = reportDeadlineMs } = fixed;
  const [periodMs, deadlineMs, revealMs] = [entropyPeriodMs, reportDeadlineMs, revealDeadlineMs].map(Number);
  const isLate = Number.isFinite(periodMs)
    ? `CASE WHEN before.received_at_ms > before.entropy_index * ${periodMs}
        + (CASE WHEN before.type = 'beacon' THEN ${revealMs} ELSE ${deadlineMs} END) THEN 1 ELSE 0 END`
    : "0";
  await run(tx, [
    ...madeAnew(
      "packets",
      `CREATE TABLE packets (
        id ${text} NOT NULL, hotspot_id ${text} NOT NULL, type ${text} NOT NULL, sequence BIGINT NOT NULL,
        received_at_ms BIGINT NOT NULL, bytes ${bytes} NOT NULL, entropy_index BIGINT, beacon_key ${text},
        epoch BIGINT, late BIGINT NOT NULL, reading_source ${text}, reading_at_ms BIGINT)`,
      {
        ...same("id, hotspot_id, type, sequence, received_at_ms, bytes, entropy_index, beacon_key, epoch"),
        ...same("reading_source, reading_at_ms"),
        late: isLate,
      },
    ),
    "CREATE UNIQUE INDEX packets_sequence ON packets (hotspot_id, sequence, id)",
    "CREATE INDEX packets_index ON packets (entropy_index) WHERE entropy_index IS NOT NULL",
    `CREATE INDEX packets_epoch ON packets (epoch, hotspot_id, late, sequence, entropy_index) WHERE epoch IS NOT NULL`,
    "CREATE INDEX packets_beacon ON packets (hotspot_id, entropy_index) WHERE type = 'beacon' AND late = 0",
    `CREATE INDEX packets_reading ON packets (hotspot_id, reading_source, reading_at_ms) WHERE reading_source IS NOT NULL`,
    ...rivals[dialect],
    "DROP INDEX verdicts_epoch",
    "CREATE INDEX verdicts_epoch ON verdicts (epoch, hotspot_id)",
  ]);
}

const ofNumber =
  "SELECT COUNT(*) FROM (SELECT 1 FROM packets WHERE hotspot_id = NEW.hotspot_id AND sequence = NEW.sequence LIMIT 2) AS known";

const rivals = {
  sqlite: [
    `CREATE TRIGGER packets_rivals BEFORE INSERT ON packets WHEN (${ofNumber}) = 2 BEGIN SELECT RAISE(IGNORE); END`,
  ],
  postgres: [
    `CREATE FUNCTION packets_rivals() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF (${ofNumber}) = 2 THEN RETURN NULL; END IF; RETURN NEW; END $$`,
    "CREATE TRIGGER packets_rivals BEFORE INSERT ON packets FOR EACH ROW EXECUTE FUNCTION packets_rivals()",
  ],
};

const statusNumbers = statements(({ dialect, text }) =>
  madeAnew(
    "statuses",
    `CREATE TABLE statuses (
      hotspot_id ${text} PRIMARY KEY, sequence BIGINT NOT NULL, at_ms BIGINT NOT NULL,
      received_at_ms BIGINT NOT NULL, status ${text} NOT NULL, offline_at_ms BIGINT)`,
    {
      ...same("hotspot_id, at_ms, received_at_ms, status, offline_at_ms"),
      sequence:
        dialect === "sqlite"
          ? "json_extract(before.status, '$.sequence')"
          : "(before.status::json->>'sequence')::bigint",
    },
  ),
);

/** In order, to schema 7, 8, 9 and 10. */
export const TO_SCHEMA_10: readonly Migration[] = [registryHashes, shortIds, lateAndRevoked, statusNumbers];
