import { Database } from "bun:sqlite";
import { renameSync, rmSync } from "node:fs";
import { SQL } from "bun";
import { FIRST_SCHEMA, MIGRATIONS, SCHEMA_VERSION } from "../store/migrations/migrations.ts";
import { makeOldTables } from "../store/migrations/old-schemas.ts";
import { COLUMN_TYPES } from "../store/table-schema.ts";

/** The newest schema whose tables are written down; later ones follow by their steps. */
const WRITTEN_DOWN = 10;

const TYPES =
  "CASE p.type WHEN 1 THEN 'beacon' WHEN 2 THEN 'witness' WHEN 3 THEN 'status' ELSE 'reading' END";

/** Where an old table has `hotspot_id`, and today's a number: today's rows with the columns of then. */
const NAMED: Readonly<Record<string, string>> = {
  packets: `SELECT LOWER(HEX(p.id)) AS id, s.id AS hotspot_id, ${TYPES} AS type, p.sequence, p.received_at_ms, p.bytes,
      p.entropy_index, p.epoch, p.late, p.reading_source, p.reading_at_ms
    FROM now.packets p JOIN now.senders s ON s.number = p.hotspot ORDER BY p.rowid`,
  verdicts: `SELECT LOWER(HEX(v.packet_id)) AS packet_id, s.id AS hotspot_id, LOWER(HEX(v.beacon_key)) AS beacon_key,
      v.type, v.outcome, v.reason, v.measurements, v.epoch, v.entropy_index, v.judged_at_ms
    FROM now.verdicts v JOIN now.senders s ON s.number = v.hotspot ORDER BY v.rowid`,
};

/**
 * Writes what a closed SQLite database holds with the tables of an older schema, in its place: what an update of the
 * gateway finds. What the older tables had no room for is gone.
 * @param schema `FIRST_SCHEMA` or later
 */
export async function writeAsOlderSchema(path: string, schema: number): Promise<void> {
  if (schema < FIRST_SCHEMA || schema > SCHEMA_VERSION) {
    throw new RangeError(`Schema ${schema}; ${FIRST_SCHEMA} to ${SCHEMA_VERSION} are known`);
  }
  const older = `${path}.older`;
  rmSync(older, { force: true });
  await makeTables(older, schema);
  const database = new Database(older);
  database.query("ATTACH ? AS now").run(path);
  const tables = database
    .query<{ name: string }, []>("SELECT name FROM main.sqlite_master WHERE type = 'table'")
    .all();
  for (const { name } of tables) copyTable(database, name);
  database.query("UPDATE facts SET value = ? WHERE name = 'schema'").run(String(schema));
  database.close();
  for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
  renameSync(older, path);
}

async function makeTables(path: string, schema: number): Promise<void> {
  const sql = new SQL(`sqlite://${path}`);
  await sql.begin(async (tx) => {
    await makeOldTables(tx, "sqlite", String(Math.min(schema, WRITTEN_DOWN)), {});
    for (let step = WRITTEN_DOWN; step < schema; step++) {
      await MIGRATIONS[step - FIRST_SCHEMA]?.(tx, COLUMN_TYPES.sqlite);
    }
    await tx`DELETE FROM facts`;
  });
  await sql.close();
}

function copyTable(database: Database, table: string): void {
  const columnsOf = (schema: string) =>
    database
      .query<{ name: string }, [string, string]>("SELECT name FROM pragma_table_info(?, ?)")
      .all(table, schema)
      .map(({ name }) => name);
  const [then, now] = [columnsOf("main"), columnsOf("now")];
  const named = then.includes("hotspot_id") && !now.includes("hotspot_id") ? NAMED[table] : undefined;
  const source = named ?? `SELECT * FROM now.${table}`;
  const there = named === undefined ? now : database.query(named).columnNames;
  const columns = then.filter((name) => there.includes(name)).join(", ");
  if (columns !== "")
    database.run(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM (${source})`);
}
