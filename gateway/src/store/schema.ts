export type Dialect = "sqlite" | "postgres";

const TYPES = {
  // Clustered: a row lies in its primary key, which PostgreSQL has not.
  sqlite: { text: "TEXT", bytes: "BLOB", clustered: " WITHOUT ROWID" },
  // Everything published is sorted by code unit, as JavaScript does; a database's own locale would not.
  postgres: { text: 'TEXT COLLATE "C"', bytes: "BYTEA", clustered: "" },
};

/** Raised with each change of the tables below: a database with another number is not opened. */
export const SCHEMA_VERSION = 10;

/** Counts the tables named `packets`: 0 in a database that no gateway has used. */
export const USED_QUERIES: Readonly<Record<Dialect, string>> = {
  sqlite: "SELECT COUNT(*) AS used FROM sqlite_master WHERE type = 'table' AND name = 'packets'",
  postgres: `SELECT COUNT(*) AS used FROM information_schema.tables
    WHERE table_schema = current_schema() AND table_name = 'packets'`,
};

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

/** The tables, one set for both databases. Amounts are decimal text: neither database has integers that wide. */
export function schemaOf(dialect: Dialect): string[] {
  const { text, bytes, clustered } = TYPES[dialect];
  return [
    `CREATE TABLE IF NOT EXISTS facts (name ${text} PRIMARY KEY, value ${text} NOT NULL)`,
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
    `CREATE TABLE IF NOT EXISTS hotspots (
      id ${text} NOT NULL, from_epoch BIGINT NOT NULL, short_id ${text} NOT NULL, public_key ${bytes} NOT NULL, cell ${text} NOT NULL,
      lat_e7 BIGINT NOT NULL, lon_e7 BIGINT NOT NULL, elevation_m BIGINT NOT NULL, antenna_gain_ddbi BIGINT NOT NULL,
      region ${text} NOT NULL, payee ${bytes}, registered_at_ms BIGINT NOT NULL, settled_cell ${text} NOT NULL,
      relocated_at_ms BIGINT, changed_at_ms BIGINT NOT NULL, evidence ${bytes} NOT NULL,
      PRIMARY KEY (id, from_epoch))`,
    "CREATE INDEX IF NOT EXISTS hotspots_epoch ON hotspots (from_epoch)",
    // Each hotspot once: the epoch of the first bundle that it is in, or since when it waits to be in one.
    `CREATE TABLE IF NOT EXISTS shown (
      hotspot_id ${text} PRIMARY KEY, since_epoch BIGINT, waits_since_ms BIGINT)`,
    `CREATE INDEX IF NOT EXISTS shown_waiting ON shown (waits_since_ms, hotspot_id)
      WHERE waits_since_ms IS NOT NULL`,
    // Beacons name their sender by it.
    "CREATE INDEX IF NOT EXISTS hotspots_short_id ON hotspots (short_id)",
    `CREATE TABLE IF NOT EXISTS denials (
      position BIGINT PRIMARY KEY, hotspot ${bytes} NOT NULL, peer ${bytes}, reason ${text} NOT NULL,
      evidence ${text} NOT NULL, at_ms BIGINT NOT NULL, from_epoch BIGINT NOT NULL, until_epoch BIGINT NOT NULL,
      message ${bytes} NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS parameters (
      version BIGINT PRIMARY KEY, parameters ${text} NOT NULL, message ${bytes} NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS entropy (
      entropy_index BIGINT PRIMARY KEY, at_ms BIGINT NOT NULL, value ${bytes} NOT NULL,
      previous_hash ${bytes} NOT NULL, period_ms BIGINT NOT NULL, validity_ms BIGINT NOT NULL,
      window_periods BIGINT NOT NULL, window_value ${bytes} NOT NULL, message ${bytes} NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS verdicts (
      packet_id ${text} PRIMARY KEY, hotspot_id ${text} NOT NULL, beacon_key ${text} NOT NULL, type ${text} NOT NULL,
      outcome ${text} NOT NULL, reason ${text} NOT NULL, measurements ${text} NOT NULL, epoch BIGINT NOT NULL,
      entropy_index BIGINT NOT NULL, judged_at_ms BIGINT NOT NULL)`,
    "CREATE INDEX IF NOT EXISTS verdicts_epoch ON verdicts (epoch, hotspot_id)",
    "CREATE INDEX IF NOT EXISTS verdicts_hotspot ON verdicts (hotspot_id, entropy_index, packet_id)",
    "CREATE INDEX IF NOT EXISTS verdicts_beacon ON verdicts (beacon_key)",
    `CREATE TABLE IF NOT EXISTS beacons (
      beacon_key ${text} PRIMARY KEY, beaconer ${text} NOT NULL, witnesses ${text} NOT NULL, epoch BIGINT NOT NULL,
      entropy_index BIGINT NOT NULL)`,
    "CREATE INDEX IF NOT EXISTS beacons_epoch ON beacons (epoch)",
    `CREATE TABLE IF NOT EXISTS contacts (
      epoch BIGINT NOT NULL, hotspot_id ${text} NOT NULL, kind ${text} NOT NULL, entropy_index BIGINT NOT NULL,
      PRIMARY KEY (epoch, hotspot_id, kind))${clustered}`,
    `CREATE TABLE IF NOT EXISTS epochs (
      epoch BIGINT PRIMARY KEY, from_ms BIGINT NOT NULL, to_ms BIGINT NOT NULL, closed_at_ms BIGINT NOT NULL,
      pool ${text} NOT NULL, paid ${text} NOT NULL, unallocated ${text} NOT NULL, root ${bytes} NOT NULL,
      manifest_hash ${bytes} NOT NULL, parameters_hash ${bytes} NOT NULL, registry_hash ${bytes} NOT NULL,
      bundle ${text} NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS payments (
      epoch BIGINT NOT NULL, hotspot_id ${text} NOT NULL, payee ${bytes} NOT NULL, cumulative ${text} NOT NULL,
      delta ${text} NOT NULL, PRIMARY KEY (epoch, hotspot_id))`,
    `CREATE TABLE IF NOT EXISTS edges (
      epoch BIGINT NOT NULL, beaconer ${text} NOT NULL, witness ${text} NOT NULL, heard BIGINT NOT NULL,
      rssi_sum_dbm BIGINT NOT NULL, rssi_sum_squares BIGINT NOT NULL, rssi_min_dbm BIGINT NOT NULL,
      rssi_max_dbm BIGINT NOT NULL, PRIMARY KEY (epoch, beaconer, witness))`,
    "CREATE INDEX IF NOT EXISTS edges_beaconer ON edges (beaconer)",
    "CREATE INDEX IF NOT EXISTS edges_witness ON edges (witness)",
    `CREATE TABLE IF NOT EXISTS statuses (
      hotspot_id ${text} PRIMARY KEY, sequence BIGINT NOT NULL, at_ms BIGINT NOT NULL, received_at_ms BIGINT NOT NULL, status ${text} NOT NULL,
      offline_at_ms BIGINT)`,
    `CREATE TABLE IF NOT EXISTS taken_back (
      taken_back_at_ms BIGINT NOT NULL, kind ${text} NOT NULL, message ${bytes} NOT NULL)`,
  ];
}
