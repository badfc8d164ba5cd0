import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { SQL } from "bun";
import { oneAtATime } from "../one-at-a-time.ts";
import type { Integer } from "./rows.ts";
import { type Dialect, SCHEMA_VERSION, schemaOf, USED_QUERIES } from "./schema.ts";

export interface Database {
  readonly sql: SQL;
  /** Whether nobody else writes to it: then what this process knows of it stays true. */
  readonly exclusive: boolean;
  /** Runs `work` as one transaction: all of it is durable when this resolves, none of it when it rejects. */
  transaction<T>(work: (sql: SQL) => Promise<T>): Promise<T>;
  /** Like `transaction` for a single statement, which needs no BEGIN and COMMIT around it. */
  statement<T>(work: (sql: SQL) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * @param url `sqlite://PATH`, `sqlite://:memory:` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`
 * @throws {RangeError} for any other URL
 * @throws {Error} if the database was made by a gateway with other tables
 */
export async function openDatabase(url: string, isLasting = true): Promise<Database> {
  if (url.startsWith("sqlite://")) return openSqlite(url, isLasting);
  if (url.startsWith("postgres://") || url.startsWith("postgresql://")) return openPostgres(url);
  throw new RangeError(`Store is "${url}"; sqlite://PATH and postgres://… are allowed`);
}

async function openSqlite(url: string, isLasting: boolean): Promise<Database> {
  const path = url.slice("sqlite://".length);
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const sql = new SQL(url);
  // A PUBACK promises durability, so each commit is flushed to the disk, not only to the kernel.
  await sql.unsafe("PRAGMA journal_mode = WAL");
  await sql.unsafe(`PRAGMA synchronous = ${isLasting ? "FULL" : "OFF"}`);
  await sql.unsafe("PRAGMA busy_timeout = 5000");
  await createTables(sql, "sqlite");
  // One connection: a statement between another one's BEGIN and COMMIT would share its fate.
  const queue = oneAtATime();
  return {
    sql,
    exclusive: true,
    transaction: (work) => queue(() => sql.begin((tx) => work(tx))),
    statement: (work) => queue(() => work(sql)),
    close: () => sql.close(),
  };
}

async function openPostgres(url: string): Promise<Database> {
  const sql = new SQL(url);
  const release = await claim(sql);
  await createTables(sql, "postgres").catch((error: unknown) => {
    release();
    throw error;
  });
  return {
    sql,
    exclusive: false,
    transaction: (work) => sql.begin((tx) => work(tx)),
    statement: (work) => work(sql),
    close: async () => {
      release();
      await sql.close();
    },
  };
}

/** Any number that other programs are unlikely to lock: "earshot" on a telephone. */
const GATEWAY_LOCK = 3_277_468;

/** Two gateways that judge would not know of each other's late reports, so the second is turned away. */
async function claim(sql: SQL): Promise<() => void> {
  const connection = await sql.reserve();
  const [row] = await connection<{ held: boolean }[]>`SELECT pg_try_advisory_lock(${GATEWAY_LOCK}) AS held`;
  if (row?.held === true) return () => connection.release();
  connection.release();
  await sql.close();
  throw new Error("Cannot open the store: another gateway works on this database");
}

async function createTables(sql: SQL, dialect: Dialect): Promise<void> {
  try {
    const [row] = await sql.unsafe<{ used: Integer }[]>(USED_QUERIES[dialect]);
    if (Number(row?.used) > 0) await checkVersion(sql);
    for (const statement of schemaOf(dialect)) await sql.unsafe(statement);
    const version = { name: SCHEMA_FACT, value: String(SCHEMA_VERSION) };
    await sql`INSERT INTO facts ${sql(version)} ON CONFLICT (name) DO NOTHING`;
  } catch (error) {
    await sql.close();
    throw error;
  }
}

const SCHEMA_FACT = "schema";

async function checkVersion(sql: SQL): Promise<void> {
  const [row] = await sql<{ value: string }[]>`SELECT value FROM facts WHERE name = ${SCHEMA_FACT}`;
  if (row?.value === String(SCHEMA_VERSION)) return;
  throw new Error(
    `Cannot open the store: its tables are of version ${row?.value ?? "1"}, this gateway needs ${SCHEMA_VERSION}. Start with an empty database`,
  );
}
