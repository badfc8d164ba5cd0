import { Database } from "bun:sqlite";
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logTo, sha256, utf8 } from "@earshot/protocol";
import { SQL } from "bun";
import { openStore } from "../open-store.ts";
import { StoreRefusedError } from "../owner.ts";
import type { Dialect } from "../table-schema.ts";
import { FIRST_SCHEMA, SCHEMA_VERSION } from "./migrations.ts";
import { expectOldContent } from "./old-content.ts";
import { makeOldTables, OLD_EPOCH, OLD_HOTSPOTS, OLD_ROWS, OLD_SCHEMAS } from "./old-schemas.ts";

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
        `newest entropy, index ${OLD_EPOCH * 1440} 120`,
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

/** What the gateway of that time read from the database, by the same calls, before the tables became others. */
const READ_THEN = "27db6970d4b77da7052ec1a6e35a5a9e9119060e9149cf7f0380e2ba0b7dd0e7";

test("a whole network's database of schema 10 reads as the gateway of then read it", async () => {
  const path = join(folder, "demo.db");
  const packed = readFileSync(new URL("../../../test/schemas/demo-10.db.gz", import.meta.url));
  writeFileSync(path, Bun.gunzipSync(new Uint8Array(packed)));
  const store = await openStore(`sqlite://${path}`);
  const lines: string[] = [];
  const add = (...values: unknown[]) => lines.push(values.join(" "));
  for (const hotspot of await store.hotspotIds()) {
    const numbers = (await store.sequenceRanges(hotspot)).flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, i) => first + i),
    );
    for (const p of await store.packetsBySequence(hotspot, numbers)) {
      const filed = [p.entropyIndex, p.epoch, p.isLate]
        .map(String)
        .map((text) => (text === "null" ? "" : text));
      add(p.id, p.hotspotId, p.type, p.sequence, p.receivedAtMs, p.bytes.toHex(), ...filed);
    }
    for (const v of await store.verdictsOfHotspot(hotspot, { limit: 10_000 })) {
      const said = [v.outcome, v.reason, JSON.stringify(v.measurements)];
      add(v.packetId, v.hotspotId, v.beaconKey, v.type, ...said, v.epoch, v.entropyIndex, v.judgedAtMs);
    }
  }
  for (const b of await store.recentBeacons({ limit: 10_000 })) {
    add(b.beaconKey, b.beaconer, b.witnesses, b.epoch, b.entropyIndex);
  }
  for (const { epoch } of await store.epochs({ limit: 99 })) {
    for (const p of await store.payments(epoch))
      add(p.epoch, p.hotspotId, p.payee.toHex(), p.cumulative, p.delta);
  }
  await store.close();
  expect(lines).toHaveLength(71);
  expect(sha256(utf8(lines.sort().join("\n"))).toHex()).toBe(READ_THEN);
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
