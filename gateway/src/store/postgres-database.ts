import { Mutex } from "@earshot/protocol/runtime";
import { type ReservedSQL, SQL } from "bun";
import type { Database, StoreOptions } from "./database.ts";
import { Fence, heldBy, nextOwner, OWNER_FACT, StoreRefusedError } from "./owner.ts";
import { openTables } from "./schema.ts";

/** Any number that other programs are unlikely to lock: "earshot" on a telephone. */
const GATEWAY_LOCK = 3_277_468;

export async function openPostgres(url: string, options: StoreOptions): Promise<Database> {
  const sql = new SQL(url);
  const lock = new AdvisoryLock(sql);
  try {
    if (!(await lock.hold())) throw new StoreRefusedError(heldBy(await ownerIn(sql)));
    const fence = await openTables(sql, { dialect: "postgres", takeOver, keepCopy }, options);
    return database(sql, lock, fence);
  } catch (error) {
    lock.release();
    await sql.close();
    throw error;
  }
}

function database(sql: SQL, lock: AdvisoryLock, fence: Fence): Database {
  const mutex = new Mutex();
  // Shared with the owner's other transactions, and not with who would take the store over: that waits for this one's end.
  const ownerNow = async (tx: SQL) =>
    (await tx<{ value: string }[]>`SELECT value FROM facts WHERE name = ${OWNER_FACT} FOR SHARE`)[0]?.value;
  const transaction: Database["transaction"] = (work) =>
    sql.begin(async (tx) => {
      fence.check(await ownerNow(tx));
      return work(tx);
    });
  return {
    sql,
    exclusive: false,
    transaction,
    lost: fence.lost,
    async checkOwner() {
      await transaction(async () => undefined);
      // The lock ends with its connection; without it a second gateway would take over instead of being refused.
      await mutex.run(() => lock.hold());
      return fence.number;
    },
    async close() {
      await lock.giveBack();
      await sql.close();
    },
  };
}

/**
 * Copies this user's tables into a schema beside theirs, rows and keys alike; instead of an earlier copy of the same version.
 * @throws {StoreRefusedError} where the user may not make one
 */
async function keepCopy(tx: SQL, version: number): Promise<string> {
  const [row] = await tx<{ may: boolean; database: string; name: string }[]>`SELECT current_user AS name,
    current_database() AS database, has_database_privilege(current_database(), 'CREATE') AS may`;
  if (row?.may !== true) {
    throw new StoreRefusedError(
      `Cannot change the tables of schema ${version}: a copy is kept of them, and the user ${row?.name} may not make one. Let it (GRANT CREATE ON DATABASE ${row?.database} TO ${row?.name}); nothing was changed`,
    );
  }
  const copy = `earshot_schema_${version}`;
  const tables = await tx<{ tablename: string }[]>`SELECT tablename FROM pg_tables
    WHERE schemaname = current_schema() AND tableowner = current_user ORDER BY tablename`;
  await tx.unsafe(`DROP SCHEMA IF EXISTS ${copy} CASCADE`);
  await tx.unsafe(`CREATE SCHEMA ${copy}`);
  for (const { tablename: table } of tables) {
    await tx.unsafe(`CREATE TABLE ${copy}."${table}" (LIKE "${table}" INCLUDING ALL)`);
    await tx.unsafe(`INSERT INTO ${copy}."${table}" SELECT * FROM "${table}"`);
  }
  return copy;
}

async function takeOver(tx: SQL): Promise<Fence> {
  await tx`INSERT INTO facts ${tx({ name: OWNER_FACT, value: "0" })} ON CONFLICT (name) DO NOTHING`;
  const [row] = await tx<{ value: string }[]>`SELECT value FROM facts WHERE name = ${OWNER_FACT} FOR UPDATE`;
  const value = nextOwner(row?.value);
  await tx`UPDATE facts SET value = ${value} WHERE name = ${OWNER_FACT}`;
  return new Fence(value);
}

async function ownerIn(sql: SQL): Promise<string | undefined> {
  // The other one may be making the tables just now.
  const rows = await sql<{ value: string }[]>`SELECT value FROM facts WHERE name = ${OWNER_FACT}`.catch(
    () => [],
  );
  return rows[0]?.value;
}

/** A lock that the server releases when the connection ends: on `kill -9` at once. */
class AdvisoryLock {
  readonly #sql: SQL;
  #connection: ReservedSQL | undefined;

  constructor(sql: SQL) {
    this.#sql = sql;
  }

  /** Whether it is held; takes it anew where its connection was lost. */
  async hold(): Promise<boolean> {
    if (this.#connection !== undefined) {
      try {
        await this.#connection`SELECT 1`;
        return true;
      } catch {
        this.release();
      }
    }
    const connection = await this.#sql.reserve();
    const [row] = await connection<{ held: boolean }[]>`SELECT pg_try_advisory_lock(${GATEWAY_LOCK}) AS held`;
    if (row?.held !== true) {
      connection.release();
      return false;
    }
    this.#connection = connection;
    return true;
  }

  /** At once: the server notices the end of a connection a moment later, and the next gateway may be faster. */
  async giveBack(): Promise<void> {
    // Without its connection it is free, or will be soon.
    if (this.#connection !== undefined) {
      await this.#connection`SELECT pg_advisory_unlock(${GATEWAY_LOCK})`.catch(() => undefined);
    }
    this.release();
  }

  release(): void {
    this.#connection?.release();
    this.#connection = undefined;
  }
}
