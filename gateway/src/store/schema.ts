import { type Log, silentLog } from "@earshot/protocol";
import type { SQL } from "bun";
import { commitmentsSchema } from "./commitment-table.ts";
import { contactsSchema } from "./contact-table.ts";
import type { StoreOptions } from "./database.ts";
import { edgesSchema } from "./edge-table.ts";
import { entropySchema } from "./entropy-table.ts";
import { epochsSchema } from "./epoch-table.ts";
import { hotspotsSchema } from "./hotspot-table.ts";
import { beaconsSchema } from "./judgement-table.ts";
import { logSchema } from "./log-table.ts";
import { FIRST_SCHEMA, MIGRATIONS, SCHEMA_VERSION } from "./migrations/migrations.ts";
import { type Fence, StoreRefusedError } from "./owner.ts";
import { packetsSchema } from "./packet-table.ts";
import { revokedSchema } from "./revoked-table.ts";
import type { Integer } from "./rows.ts";
import { rulesSchema } from "./rules-tables.ts";
import { sendersSchema } from "./sender-table.ts";
import { statusesSchema } from "./status-table.ts";
import { storedDocuments } from "./stored-documents.ts";
import { COLUMN_TYPES, type Dialect, type TableSchema } from "./table-schema.ts";
import { verdictsSchema } from "./verdict-table.ts";

/** Counts the tables named `packets`: 0 in a database that no gateway has used. */
const USED_QUERIES: Readonly<Record<Dialect, string>> = {
  sqlite: "SELECT COUNT(*) AS used FROM sqlite_master WHERE type = 'table' AND name = 'packets'",
  postgres: `SELECT COUNT(*) AS used FROM information_schema.tables
    WHERE table_schema = current_schema() AND table_name = 'packets'`,
};

/** Single values: the owner, the version of the tables, how far judging has come. */
const factsSchema: TableSchema = ({ text }) => [
  `CREATE TABLE IF NOT EXISTS facts (name ${text} PRIMARY KEY, value ${text} NOT NULL)`,
];

const TABLES: readonly TableSchema[] = [
  factsSchema,
  sendersSchema,
  packetsSchema,
  hotspotsSchema,
  commitmentsSchema,
  rulesSchema,
  entropySchema,
  verdictsSchema,
  beaconsSchema,
  contactsSchema,
  epochsSchema,
  edgesSchema,
  statusesSchema,
  revokedSchema,
  logSchema,
];

const SCHEMA_FACT = "schema";

/**
 * The version of the tables that are there; undefined in a database that no gateway has used. Reads only.
 * @throws {StoreRefusedError} if they are not to be opened
 */
export async function inspect(
  sql: SQL,
  dialect: Dialect,
  { check }: Pick<StoreOptions, "check">,
): Promise<number | undefined> {
  const version = await schemaVersion(sql, dialect);
  if (version !== undefined) check?.(await storedDocuments(sql));
  return version;
}

/** @throws {StoreRefusedError} for one that this gateway cannot bring up to date */
async function schemaVersion(sql: SQL, dialect: Dialect): Promise<number | undefined> {
  const [row] = await sql.unsafe<{ used: Integer }[]>(USED_QUERIES[dialect]);
  if (Number(row?.used) === 0) return undefined;
  // The first tables did not name their version.
  const [fact] = await sql<{ value: string }[]>`SELECT value FROM facts WHERE name = ${SCHEMA_FACT}`;
  const version = Number(fact?.value ?? "1");
  if (version >= FIRST_SCHEMA && version <= SCHEMA_VERSION) return version;
  const made = `Cannot open the store: its tables are of schema ${fact?.value ?? "1"}`;
  throw new StoreRefusedError(
    version > SCHEMA_VERSION
      ? `${made}, made by a newer gateway; this one knows schema ${SCHEMA_VERSION} and has changed nothing. Start that gateway, or bring back the copy that it kept of schema ${SCHEMA_VERSION}`
      : `${made}; schema ${FIRST_SCHEMA} to ${SCHEMA_VERSION} can be opened, and nothing was changed. Start with an empty database`,
  );
}

interface Opening {
  dialect: Dialect;
  takeOver(tx: SQL): Promise<Fence>;
  /** Keeps what is there, as of the transaction's beginning, before its tables change. @returns its name, for people */
  keepCopy(tx: SQL, version: number): Promise<string>;
}

/**
 * Makes this process the owner of tables that are up to date: both or neither.
 * @throws {StoreRefusedError} if they are not to be opened; nothing is changed
 */
export async function openTables(
  sql: SQL,
  { dialect, takeOver, keepCopy }: Opening,
  options: StoreOptions,
): Promise<Fence> {
  const { log = silentLog } = options;
  const { fence, before } = await sql.begin(async (tx) => {
    const version = await inspect(tx, dialect, options);
    if (version === undefined) await createTables(tx, dialect);
    // Whoever has lost the store without knowing writes nothing from here on: neither after the copy nor into old tables.
    const owned = await takeOver(tx);
    if (version !== undefined && version < SCHEMA_VERSION) {
      log.warn("Keeping a copy of the store before its tables change", { copy: await keepCopy(tx, version) });
      await migrate(tx, dialect, version, log);
    }
    await createTables(tx, dialect);
    return { fence: owned, before: version ?? SCHEMA_VERSION };
  });
  if (before < SCHEMA_VERSION)
    log.info("The store's tables have changed", { before, schema: SCHEMA_VERSION });
  return fence;
}

/** Makes the tables that are missing: all of them in an empty database. */
async function createTables(tx: SQL, dialect: Dialect): Promise<void> {
  const statements = TABLES.flatMap((schema) => schema(COLUMN_TYPES[dialect]));
  for (const statement of statements) await tx.unsafe(statement);
  const version = { name: SCHEMA_FACT, value: String(SCHEMA_VERSION) };
  await tx`INSERT INTO facts ${tx(version)} ON CONFLICT (name) DO NOTHING`;
}

/** Brings tables up to date, step by step. */
async function migrate(tx: SQL, dialect: Dialect, from: number, log: Log): Promise<void> {
  for (let version = from; version < SCHEMA_VERSION; version++) {
    log.info("Changing the store's tables", { schema: version + 1 });
    await MIGRATIONS[version - FIRST_SCHEMA]?.(tx, COLUMN_TYPES[dialect]);
  }
  await tx`UPDATE facts SET value = ${String(SCHEMA_VERSION)} WHERE name = ${SCHEMA_FACT}`;
}
