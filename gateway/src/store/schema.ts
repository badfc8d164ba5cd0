import type { SQL } from "bun";
import { commitmentsSchema } from "./commitment-table.ts";
import { contactsSchema } from "./contact-table.ts";
import { edgesSchema } from "./edge-table.ts";
import { entropySchema } from "./entropy-table.ts";
import { epochsSchema } from "./epoch-table.ts";
import { hotspotsSchema } from "./hotspot-table.ts";
import { beaconsSchema } from "./judgement-table.ts";
import { StoreRefusedError } from "./owner.ts";
import { packetsSchema } from "./packet-table.ts";
import { revokedSchema } from "./revoked-table.ts";
import type { Integer } from "./rows.ts";
import { rulesSchema } from "./rules-tables.ts";
import { statusesSchema } from "./status-table.ts";
import { COLUMN_TYPES, type Dialect, type TableSchema } from "./table-schema.ts";
import { verdictsSchema } from "./verdict-table.ts";

/** Raised with each change of a table: a database with another number is not opened. */
export const SCHEMA_VERSION = 11;

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
];

/** Makes the tables that are missing. @throws {Error} if a gateway of another version made them */
export async function createTables(sql: SQL, dialect: Dialect): Promise<void> {
  const [row] = await sql.unsafe<{ used: Integer }[]>(USED_QUERIES[dialect]);
  if (Number(row?.used) > 0) await checkVersion(sql);
  const statements = TABLES.flatMap((schema) => schema(COLUMN_TYPES[dialect]));
  for (const statement of statements) await sql.unsafe(statement);
  const version = { name: SCHEMA_FACT, value: String(SCHEMA_VERSION) };
  await sql`INSERT INTO facts ${sql(version)} ON CONFLICT (name) DO NOTHING`;
}

const SCHEMA_FACT = "schema";

async function checkVersion(sql: SQL): Promise<void> {
  const [row] = await sql<{ value: string }[]>`SELECT value FROM facts WHERE name = ${SCHEMA_FACT}`;
  if (row?.value === String(SCHEMA_VERSION)) return;
  throw new StoreRefusedError(
    `Cannot open the store: its tables are of version ${row?.value ?? "1"}, this gateway needs ${SCHEMA_VERSION}. Start with an empty database`,
  );
}
