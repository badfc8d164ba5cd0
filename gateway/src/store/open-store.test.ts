import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { openStore } from "./open-store.ts";
import type { Store } from "./store.ts";
import { storeContract } from "./store-contract.ts";
import { storedPacket, testId } from "./test-data.ts";

const folder = mkdtempSync(join(tmpdir(), "earshot-store-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => `sqlite://${join(folder, "state", `${files++}.sqlite`)}`;

storeContract("SQLite in memory", () => openStore("sqlite://:memory:"));
storeContract("SQLite file", () => openStore(newFile()));
ownerContract("SQLite file", newFile());

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
  ownerContract("PostgreSQL", postgresUrl);

  test("a table of hotspots' numbers that took the place of another counts on from them", async () => {
    const first = await openStore(postgresUrl);
    await first.addPackets([storedPacket({ id: testId("one"), hotspotId: "numbered before", sequence: 1 })]);
    await first.close();
    const sql = new SQL(postgresUrl);
    await sql.unsafe("ALTER TABLE senders ALTER COLUMN number RESTART WITH 1");
    await sql.close();
    const second = await openStore(postgresUrl);
    const packet = storedPacket({ id: testId("two"), hotspotId: "numbered after", sequence: 1 });
    expect(await second.addPackets([packet])).toEqual(new Set([packet.id]));
    await second.close();
  });

  test("a lost connection of the lock leaves no gateway without one: it is made anew, or another's", async () => {
    const store = await openStore(postgresUrl);
    await killConnections(postgresUrl);
    await untilItAnswers(store);
    expect(openStore(postgresUrl)).rejects.toThrow("another gateway works on this database");
    await killConnections(postgresUrl);
    const next = await openStore(postgresUrl);
    await expect(writing(store)).rejects.toThrow("Another gateway has taken the store over");
    expect(store.lost.aborted).toBe(true);
    await writing(next);
    await next.close();
    await store.close();
  });
}

async function killConnections(url: string): Promise<void> {
  const sql = new SQL(url);
  await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`;
  await sql.close();
}

/** The first statements on a connection that was ended fail. */
async function untilItAnswers(store: Store): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const isThere = await store.checkOwner().then(
      () => true,
      () => false,
    );
    if (isThere) return;
  }
  throw new Error("The store does not come back");
}

const writing = (store: Store) => store.markOffline("a", 1);

/** What keeps two gateways off one database. The URL is that of one which a store has been opened on before, or none. */
function ownerContract(name: string, url: string): void {
  describe(`owner: ${name}`, () => {
    test("a second gateway is turned away at once, and told by whom; then it may", async () => {
      const first = await openStore(url);
      const outcome = await openStore(url).catch((error: Error) => error.message);
      expect(outcome).toContain("another gateway works on this database (process");
      expect(outcome).toContain(String(process.pid));
      await writing(first);
      await first.close();
      await (await openStore(url)).close();
    });

    test("each owner has a higher number", async () => {
      const first = await openStore(url);
      const number = await first.checkOwner();
      await first.close();
      const second = await openStore(url);
      expect(await second.checkOwner()).toBeGreaterThan(number);
      await second.close();
    });

    test("who was taken over from writes nothing any more, by no way, and says so", async () => {
      const store = await openStore(url);
      await store.addPackets([storedPacket({ id: testId("before"), hotspotId: "owner" })]);
      const sql = new SQL(url);
      await sql`UPDATE facts SET value = '999 process 1 on elsewhere' WHERE name = 'owner'`;
      const writes = [
        () => store.addPackets([storedPacket({ id: testId("after"), hotspotId: "owner", sequence: 2 })]),
        () => store.addJudgement(5, [], [], []),
        () => writing(store),
        () => store.checkOwner(),
      ];
      for (const write of writes) await expect(write()).rejects.toThrow("999 process 1 on elsewhere");
      expect(store.lost.aborted).toBe(true);
      expect(await store.packetsBySequence("owner", [1, 2])).toMatchObject([{ id: testId("before") }]);
      await sql.close();
      await store.close();
    });
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

  test("tells of a newest write that failed, until one goes through", async () => {
    const url = newFile();
    const store = await openStore(url);
    expect(store.problem()).toBeUndefined();
    const sql = new SQL(url);
    await sql`ALTER TABLE packets RENAME TO gone`;
    await expect(store.addPackets([storedPacket({ id: "aa" })])).rejects.toThrow("packets");
    expect(store.problem()).toContain("The newest write to the store failed");
    await sql`ALTER TABLE gone RENAME TO packets`;
    await store.addPackets([storedPacket({ id: "aa" })]);
    expect(store.problem()).toBeUndefined();
    await sql.close();
    await store.close();
  });

  test("names a URL that it cannot open", async () => {
    const outcome = await openStore("mysql://x").catch((error: Error) => error.message);
    expect(outcome).toBe('Store is "mysql://x"; sqlite://PATH and postgres://… are allowed');
  });
});
