import { Database } from "bun:sqlite";
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logTo } from "@earshot/protocol";
import { SQL } from "bun";
import { makeOldTables, OLD_HOTSPOTS, OLD_ROWS, OLD_SCHEMAS } from "../old-schemas.ts";
import { openStore } from "../open-store.ts";
import { StoreRefusedError } from "../owner.ts";
import type { StoredPacket } from "../records.ts";
import type { Store } from "../store.ts";
import type { Dialect } from "../table-schema.ts";
import { FIRST_SCHEMA, SCHEMA_VERSION } from "./migrations.ts";

const folder = mkdtempSync(join(tmpdir(), "earshot-migrations-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A database to make old tables in, and how its copy is read. */
interface Place {
  dialect: Dialect;
  url: string;
  /** Where the copy of this schema is, for `contentOf`. */
  copy(schema: number): [Pick<Place, "dialect" | "url">, string?];
}

let files = 0;
const sqlitePlace = (path = join(folder, `${files++}.db`)): Place => ({
  dialect: "sqlite",
  url: `sqlite://${path}`,
  copy: (schema) => [{ dialect: "sqlite", url: `sqlite://${path}.schema-${schema}` }],
});
const pathOf = ({ url }: Place) => url.slice("sqlite://".length);

const [A, B] = OLD_HOTSPOTS;
const EPOCH = 20_454;
const INDEX = EPOCH * 1440;
const AT_MS = INDEX * 60_000;
const id = (n: number) => n.toString(16).repeat(32);

const hex = (_key: string, value: unknown) => (value instanceof Uint8Array ? value.toHex() : value);

/** All rows of all tables, in an order of their own. */
async function contentOf(
  { dialect, url }: Pick<Place, "dialect" | "url">,
  schema = "public",
): Promise<string> {
  const sql = new SQL(url);
  const tables = await sql.unsafe<{ name: string }[]>(
    dialect === "sqlite"
      ? "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
      : `SELECT '${schema}.' || tablename AS name FROM pg_tables WHERE schemaname = '${schema}' ORDER BY tablename`,
  );
  const content: string[] = [];
  for (const { name } of tables) {
    const rows = await sql.unsafe<object[]>(`SELECT * FROM ${name}`);
    content.push(name.replace(/^.*\./, ""), ...rows.map((row) => JSON.stringify(row, hex)).sort());
  }
  await sql.close();
  return content.join("\n");
}

/** PostgreSQL's copy names who made it as the owner. */
const owned = (content: string) => content.replace(/\{"name":"owner".*/, "");

/** Columns, indexes and triggers, so that tables can be compared that were made in different ways. */
async function shapeOf({ dialect, url }: Place): Promise<string[]> {
  const sql = new SQL(url);
  const parts =
    dialect === "sqlite"
      ? await sql.unsafe<{ part: string }[]>(`
          SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk || ' ' ||
            COALESCE(c.dflt_value, '-') || ' ' || (m.sql LIKE '%WITHOUT ROWID%') AS part
          FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'
          UNION ALL SELECT sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL`)
      : await sql.unsafe<{ part: string }[]>(`
          SELECT concat_ws(' ', table_name, column_name, data_type, collation_name, is_nullable, column_default) AS part
            FROM information_schema.columns WHERE table_schema = current_schema()
          UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()
          UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
          UNION ALL SELECT prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = current_schema()`);
  await sql.close();
  // A key's own index is named after what the table was called when it was made.
  const spaced = (part: string) => part.replace(/\s+/g, " ").replace(/(\w+)_(before_)?pkey\d*/, "pkey");
  return parts.map(({ part }) => spaced(part)).sort();
}

async function made(place: Place, schema: string, rows = OLD_ROWS): Promise<string> {
  const sql = new SQL(place.url);
  await sql.begin((tx) => makeOldTables(tx, place.dialect, schema, rows));
  await sql.close();
  return contentOf(place);
}

/** What the rows of every old schema mean, whichever way they are stored now. */
async function expectOldContent(store: Store, schema: string): Promise<void> {
  const packets = [
    ...(await store.packetsBySequence(A, [1])),
    ...(await store.packetsBySequence(B, [1, 2, 3, 7])),
  ];
  expect(packets.map(shortly).sort()).toEqual([
    `${id(0xa1)} ${A} beacon 1 ${AT_MS + 1} 90 ${INDEX} ${EPOCH} false`,
    `${id(0xb1)} ${B} witness 1 ${AT_MS + 1} 90 ${INDEX} ${EPOCH} false`,
    `${id(0xb2)} ${B} witness 1 ${AT_MS + 2} 80 ${INDEX} ${EPOCH} false`,
    `${id(0xb3)} ${B} witness 2 ${AT_MS + 600_001} 90 ${INDEX} ${EPOCH} true`,
    `${id(0xb4)} ${B} status 3 ${AT_MS + 3} 90 null null false`,
    `${id(0xb5)} ${B} reading 7 ${AT_MS + 7} 90 null null false`,
  ]);
  expect(packets.every(({ bytes, id }) => bytes.every((byte) => id.startsWith(byte.toString(16))))).toBe(
    true,
  );
  expect((await store.reportsOfIndex(INDEX)).map(({ id }) => id.slice(0, 2))).toEqual([
    "a1",
    "b1",
    "b2",
    "b3",
  ]);
  expect(await store.reusedNumbers(INDEX, EPOCH)).toEqual(new Set([id(0xb2)]));
  expect(await store.sequenceRanges(B)).toEqual([
    { first: 1, last: 3 },
    { first: 7, last: 7 },
  ]);
  expect(await store.readingSources(B, AT_MS, 9)).toEqual([
    { source: "gps", firstAtMs: AT_MS - 3, latestAtMs: AT_MS - 3 },
  ]);
  const verdicts = await store.verdictsOfEpoch(EPOCH);
  expect(verdicts.map(({ packetId, reason }) => `${packetId.slice(0, 2)} ${reason}`)).toEqual([
    "a1 too_close",
    "b1 no_beacon",
    "b3 report_late",
  ]);
  expect(await store.verdict(id(0xb1))).toMatchObject({
    ...{ hotspotId: B, outcome: "refused", measurements: [{ name: "distanceM", value: 120 }] },
    ...{ entropyIndex: INDEX, judgedAtMs: AT_MS + 660_000 },
  });
  const [beacon] = await store.recentBeacons({ limit: 9 });
  expect(beacon).toMatchObject({ beaconer: A, witnesses: [B], entropyIndex: INDEX });
  expect(await store.verdictsOfBeacon(beacon?.beaconKey ?? "")).toHaveLength(3);
  expect(await store.judgedThrough()).toBe(INDEX);
  expect(await store.contactsBefore([A, B], INDEX + 1)).toEqual(
    new Map([
      [A, { beaconed: INDEX - 1440, witnessed: null }],
      [B, { beaconed: null, witnessed: INDEX }],
    ]),
  );
  await expectOldRegistry(store, schema);
  expect(await store.payment(EPOCH - 1, A)).toMatchObject({ cumulative: 2n ** 90n, delta: 999n });
  expect(await store.latestEpoch()).toMatchObject({
    ...{ epoch: EPOCH - 1, paid: 999n, root: new Uint8Array(32).fill(10), bundle: `epoch-${EPOCH - 1}` },
    registryHash: new Uint8Array(32).fill(schema === "6" ? 0 : 13),
  });
  expect(await store.edgesOf(B)).toMatchObject([{ beaconer: A, witness: B, heard: 2, rssiMaxDbm: -99 }]);
  expect((await store.statuses([B])).get(B)).toMatchObject({
    receivedAtMs: AT_MS + 1,
    status: { sequence: 3 },
  });
  const entropy = await store.latestEntropy();
  expect(entropy?.entropy).toMatchObject({ index: INDEX, windowPeriods: 360 });
  expect(entropy?.message).toEqual(new Uint8Array(120).fill(8));
}

async function expectOldRegistry(store: Store, schema: string): Promise<void> {
  expect((await store.hotspotHistory(A)).map(({ change }) => change.fromEpoch)).toEqual([
    EPOCH - 3,
    EPOCH - 1,
  ]);
  const [first, second] = [A, B].sort();
  const [next] = await store.hotspotPage({ limit: 1, after: first ?? "" });
  const short = new Map(
    [...(await store.hotspotsByShortId([A, B].map(shortOf)))].map(([key, { id }]) => [id, key]),
  );
  expect([next?.id, short.get(A), short.get(B)]).toEqual([second, shortOf(A), shortOf(B)]);
  expect(await store.shownSince([A, B])).toEqual(schema === "6" ? new Map() : new Map([[A, EPOCH - 1]]));
  expect(await store.denials()).toMatchObject([{ denial: { evidence: "case 1", fromEpoch: EPOCH + 1 } }]);
  expect(await store.parametersVersions()).toMatchObject([{ message: new Uint8Array(100).fill(7) }]);
}

/** Of `OLD_ROWS`: what the tables say of it. */
const shortOf = (hotspot: string) =>
  String(OLD_ROWS.hotspots?.find((row) => row.id === hotspot)?.short_id ?? "none");

const shortly = (packet: StoredPacket) =>
  [packet.id, packet.hotspotId, packet.type, packet.sequence, packet.receivedAtMs, packet.bytes.length]
    .concat([String(packet.entropyIndex), String(packet.epoch), String(packet.isLate)])
    .join(" ");

/** @param newPlace a database that nobody has used */
function migrationContract(name: string, newPlace: () => Promise<Place> | Place): void {
  describe(`migrations: ${name}`, () => {
    let place: Place;
    beforeEach(async () => {
      place = await newPlace();
    });

    test.each(OLD_SCHEMAS)(
      "schema %s keeps all it has, gets today's tables, and a copy stays",
      async (schema) => {
        const before = await made(place, schema);
        const store = await openStore(place.url);
        await expectOldContent(store, schema);
        await store.close();
        const changed = await shapeOf(place);
        const version = Number.parseInt(schema, 10);
        if (version < SCHEMA_VERSION) {
          expect(owned(await contentOf(...place.copy(version)))).toBe(owned(before));
        }
        const fresh = await newPlace();
        await (await openStore(fresh.url)).close();
        expect(changed).toEqual(await shapeOf(fresh));
      },
    );

    test("goes on from there: new packets, judgements and epochs beside the old ones", async () => {
      await made(place, "6");
      const store = await openStore(place.url);
      const [old] = await store.packetsBySequence(A, [1]);
      if (old === undefined) throw new Error("The old packet is gone");
      expect(await store.addPackets([old, { ...old, id: id(0xc1), sequence: 2 }])).toEqual(
        new Set([id(0xc1)]),
      );
      const third = { ...old, hotspotId: B, id: id(0xc2) };
      expect(await store.addPackets([third])).toEqual(new Set());
      await store.close();
      const again = await openStore(place.url);
      expect(await again.sequenceRanges(A)).toEqual([{ first: 1, last: 2 }]);
      await again.close();
    });

    test("a newer schema, and one from before schema 6, are refused by name; nothing is touched", async () => {
      await made(place, "10");
      const sql = new SQL(place.url);
      const refused = async (value: string) => {
        await sql`UPDATE facts SET value = ${value} WHERE name = 'schema'`;
        const before = await contentOf(place);
        const error = await openStore(place.url).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(StoreRefusedError);
        expect(await contentOf(place)).toBe(before);
        return (error as Error).message;
      };
      expect(await refused("999")).toContain(
        `its tables are of schema 999, made by a newer gateway; this one knows schema ${SCHEMA_VERSION} and has changed nothing`,
      );
      expect(await refused("5")).toContain(
        `its tables are of schema 5; schema ${FIRST_SCHEMA} to ${SCHEMA_VERSION} can be opened, and nothing was changed`,
      );
      await sql`DELETE FROM facts WHERE name = 'schema'`;
      await expect(openStore(place.url)).rejects.toThrow("its tables are of schema 1;");
      await sql.close();
    });

    test("a step that fails leaves the old tables whole, and they can be opened once it is mended", async () => {
      const broken = OLD_ROWS.statuses?.map((row) => ({ ...row, status: "{" })) ?? [];
      const before = await made(place, "6", { ...OLD_ROWS, statuses: broken });
      await expect(openStore(place.url)).rejects.toThrow(/JSON/i);
      expect(await contentOf(place)).toBe(before);
      const sql = new SQL(place.url);
      await sql`UPDATE statuses SET status = ${String(OLD_ROWS.statuses?.[0]?.status)}`;
      await sql.close();
      const store = await openStore(place.url);
      await expectOldContent(store, "6");
      await store.close();
    });

    test("a change that was made though its maker said that it was not is found made, and not made again", async () => {
      await made(place, "9");
      const log = logTo((_level, message) => {
        if (message.includes("have changed")) throw new Error("Told nobody");
      });
      await expect(openStore(place.url, { log })).rejects.toThrow("Told nobody");
      const steps: string[] = [];
      const store = await openStore(place.url, { log: logTo((_level, message) => steps.push(message)) });
      expect(steps).toEqual([]);
      await expectOldContent(store, "9");
      await store.close();
    });

    test("what its network signed is looked at before anything changes", async () => {
      const before = await made(place, "8");
      const seen: string[] = [];
      const opened = openStore(place.url, {
        check(documents) {
          seen.push(...documents.map(({ name, message }) => `${name} ${message.length}`));
          throw new StoreRefusedError("No");
        },
      });
      await expect(opened).rejects.toThrow("No");
      expect(seen).toEqual([
        "parameters, version 1 100",
        "denial, number 1 60",
        `newest entropy, index ${INDEX} 120`,
        `newest registration, of ${A} 70`,
      ]);
      expect(await contentOf(place)).toBe(before);
    });
  });
}

migrationContract("SQLite", sqlitePlace);

/** A server whose public schema the tests may empty. */
const postgresUrl = process.env.EARSHOT_TEST_POSTGRES_URL;
if (postgresUrl === undefined) {
  test.skip("migrations: PostgreSQL (set EARSHOT_TEST_POSTGRES_URL)", () => undefined);
} else {
  const emptied = async (): Promise<Place> => {
    const sql = new SQL(postgresUrl);
    await sql.unsafe("DROP SCHEMA IF EXISTS public CASCADE");
    await sql.unsafe("CREATE SCHEMA public");
    await sql.close();
    const copy = (schema: number): ReturnType<Place["copy"]> => [place, `earshot_schema_${schema}`];
    const place: Place = { dialect: "postgres", url: postgresUrl, copy };
    return place;
  };
  migrationContract("PostgreSQL", emptied);

  test("PostgreSQL: the copy takes its tables' place again, as the README says", async () => {
    const place = await emptied();
    const before = await made(place, "9");
    await (await openStore(place.url)).close();
    const sql = new SQL(place.url);
    await sql.unsafe("DROP SCHEMA public CASCADE");
    await sql.unsafe("ALTER SCHEMA earshot_schema_9 RENAME TO public");
    await sql.close();
    expect(owned(await contentOf(place))).toBe(owned(before));
    const store = await openStore(place.url);
    await expectOldContent(store, "9");
    await store.close();
  });

  test("PostgreSQL: a user who may not make a copy is told what it needs; nothing is changed", async () => {
    const place = await emptied();
    const sql = new SQL(place.url);
    await sql.unsafe("DROP ROLE IF EXISTS earshot_limited");
    await sql.unsafe("CREATE ROLE earshot_limited LOGIN");
    await sql.unsafe("ALTER SCHEMA public OWNER TO earshot_limited");
    const limited = { ...place, url: postgresUrl.replace(/\/\/[^@]*@/, "//earshot_limited@") };
    const before = await made(limited, "9");
    await expect(openStore(limited.url)).rejects.toThrow(
      "GRANT CREATE ON DATABASE postgres TO earshot_limited",
    );
    expect(await contentOf(place)).toBe(before);
    await sql.unsafe("DROP SCHEMA public CASCADE");
    await sql.unsafe("CREATE SCHEMA public");
    await sql.unsafe("DROP ROLE earshot_limited");
    await sql.close();
  });
}

test("SQLite: a refused file is the same to the byte, and nothing lies beside it", async () => {
  const place = sqlitePlace();
  await made(place, "10");
  const file = new Database(pathOf(place));
  file.run("UPDATE facts SET value = '11000' WHERE name = 'schema'");
  file.close();
  const before = readFileSync(pathOf(place)).toHex();
  await expect(openStore(place.url)).rejects.toThrow("made by a newer gateway");
  expect(readFileSync(pathOf(place)).toHex()).toBe(before);
  const name = pathOf(place).split("/").at(-1) ?? "";
  expect(readdirSync(folder).filter((other) => other.startsWith(`${name}.`))).toEqual([`${name}.lock`]);
});

test("SQLite: killed in the middle, all is as before; the next start does it", async () => {
  const place = sqlitePlace();
  const before = await made(place, "6");
  const script = `
    const { openStore } = await import(${JSON.stringify(new URL("../open-store.ts", import.meta.url).pathname)});
    const { logTo } = await import("@earshot/protocol");
    const log = logTo((_level, _message, { schema }) => { if (schema === 9) process.kill(process.pid, "SIGKILL"); });
    await openStore(${JSON.stringify(place.url)}, { log });`;
  const killed = Bun.spawn([process.execPath, "-e", script], { cwd: import.meta.dir, stderr: "pipe" });
  await killed.exited;
  expect(killed.signalCode).toBe("SIGKILL");
  expect(await contentOf(place)).toBe(before);
  const store = await openStore(place.url);
  await expectOldContent(store, "6");
  await store.close();
});

test("SQLite: without a copy nothing changes", async () => {
  const place = sqlitePlace();
  const before = await made(place, "10");
  const isOld = SCHEMA_VERSION > 10;
  // A folder of that name cannot be replaced.
  mkdirSync(join(`${pathOf(place)}.schema-10.unfinished`, "x"), { recursive: true });
  if (isOld) await expect(openStore(place.url)).rejects.toThrow(/schema-10.unfinished/);
  expect(await contentOf(place)).toBe(before);
  rmSync(`${pathOf(place)}.schema-10.unfinished`, { recursive: true });
  await (await openStore(place.url)).close();
  expect(existsSync(`${pathOf(place)}.schema-10`)).toBe(isOld);
});
