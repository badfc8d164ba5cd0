import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SQL } from "bun";
import { openStore } from "./open-store.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { storeContract } from "./store-contract.ts";
import { storedPacket } from "./test-data.ts";

const folder = mkdtempSync(join(tmpdir(), "earshot-store-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => `sqlite://${join(folder, "state", `${files++}.sqlite`)}`;

storeContract("SQLite in memory", () => openStore("sqlite://:memory:"));
storeContract("SQLite file", () => openStore(newFile()));

/** A server whose public schema the tests may empty. */
const postgresUrl = process.env.EARSHOT_TEST_POSTGRES_URL;
if (postgresUrl === undefined) {
  test.skip("store: PostgreSQL (set EARSHOT_TEST_POSTGRES_URL)", () => undefined);
} else {
  storeContract("PostgreSQL", async () => {
    const sql = new SQL(postgresUrl);
    await sql.unsafe("DROP SCHEMA public CASCADE");
    await sql.unsafe("CREATE SCHEMA public");
    await sql.close();
    return openStore(postgresUrl);
  });

  test("a second gateway is kept off the first one's PostgreSQL database", async () => {
    const first = await openStore(postgresUrl);
    const second = await openStore(postgresUrl).catch((error: Error) => error.message);
    expect(second).toContain("another gateway");
    await first.close();
    await (await openStore(postgresUrl)).close();
  });
}

describe("openStore", () => {
  test("finds everything again after closing", async () => {
    const url = newFile();
    const before = await openStore(url);
    await before.addPackets([storedPacket({ id: "aa" })]);
    await before.close();
    const after = await openStore(url);
    expect(await after.packetsBySequence("z6MkA", [1])).toEqual([storedPacket({ id: "aa" })]);
    await after.close();
  });

  test("refuses a database that another version made, and says so", async () => {
    const old = newFile();
    mkdirSync(dirname(old.slice("sqlite://".length)), { recursive: true });
    const sql = new SQL(old);
    await sql`CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)`;
    await sql`CREATE TABLE packets (id TEXT NOT NULL)`;
    await sql.close();
    await expect(openStore(old)).rejects.toThrow(
      `its tables are of version 1, this gateway needs ${SCHEMA_VERSION}`,
    );
    const future = newFile();
    await (await openStore(future)).close();
    const changed = new SQL(future);
    await changed`UPDATE facts SET value = '999' WHERE name = 'schema'`;
    await changed.close();
    await expect(openStore(future)).rejects.toThrow("its tables are of version 999");
  });

  test("names a URL that it cannot open", async () => {
    const outcome = await openStore("mysql://x").catch((error: Error) => error.message);
    expect(outcome).toBe('Store is "mysql://x"; sqlite://PATH and postgres://… are allowed');
  });
});
