import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { logTo } from "@earshot/protocol";
import fc from "fast-check";
import {
  add,
  bytesOf,
  contentOf,
  cutPower,
  idOf,
  KNOWN_SCHEMA,
  NEWER_AGENT,
  NEWEST_AGENT,
  openAs,
  waiting,
} from "../testing/outbox-agents.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { headerVersion } from "./database-files.ts";
import { MIGRATIONS } from "./schema.ts";

describe("the outbox of a newer agent", () => {
  /** With packets 1 to 3, of which it has sent none. */
  async function newerFolder(migrations = NEWER_AGENT): Promise<string> {
    const stateDir = temporaryFolder();
    const outbox = openAs(stateDir, migrations);
    for (let i = 0; i < 3; i++) await add(outbox);
    outbox.remember("last-window", "12");
    outbox.close();
    return stateDir;
  }

  test("is left as it is; both are sent, and numbers go on after it", async () => {
    for (const isKilled of [false, true]) {
      const closed = await newerFolder();
      const running = isKilled ? openAs(closed, NEWER_AGENT) : undefined;
      const stateDir = isKilled ? cutPower(closed) : closed;
      running?.close();
      const names = readdirSync(stateDir).filter((name) => /^outbox\.db(-wal)?$/.test(name));
      const before = contentOf(stateDir, names);
      const logged: unknown[] = [];
      const log = logTo((level, message, fields) => logged.push([level, message, fields]));
      const outbox = openAs(stateDir, MIGRATIONS, log);
      const path = join(stateDir, "outbox.db");
      expect(logged).toEqual([
        [
          "warn",
          "The outbox of a newer agent is left as it is; this agent has its own beside it",
          { path, version: KNOWN_SCHEMA + 1, knownVersion: KNOWN_SCHEMA, packets: 3 },
        ],
      ]);
      expect(outbox.state()).toMatchObject({
        queued: 3,
        newer: [{ path, version: KNOWN_SCHEMA + 1, knownVersion: KNOWN_SCHEMA, packets: 3 }],
      });
      expect(outbox.state().damagedFile).toBeUndefined();
      // No second beacon in a window.
      expect(outbox.recall("last-window")).toBe("12");
      const own = await add(outbox);
      expect(own).toBeGreaterThan(3);
      expect(waiting(outbox)).toEqual([1, 2, 3, own]);
      expect(outbox.next(4).at(-1)?.bytes).toEqual(bytesOf(1));
      expect(outbox.remove(2, idOf(2))).toBe(true);
      const later = await add(outbox);
      expect(outbox.state().newer).toMatchObject([{ packets: 2 }]);
      outbox.close();
      expect(contentOf(stateDir, names)).toEqual(before);

      const again = openAs(stateDir);
      expect(waiting(again)).toEqual([1, 3, own, later]);
      again.remember("last-window", "13");
      again.close();
      expect(contentOf(stateDir, names)).toEqual(before);

      const back = openAs(stateDir, NEWER_AGENT);
      expect(waiting(back)).toEqual([1, 3, own, later]);
      expect(back.recall("last-window")).toBe("13");
      expect(await add(back)).toBeGreaterThan(later);
      expect(readdirSync(stateDir).filter((name) => name.startsWith(`outbox-v`))).toEqual([]);
      back.close();
    }
  });

  test("that has its version in the write-ahead log only is newer too", async () => {
    const stateDir = await newerFolder(MIGRATIONS);
    const database = new DatabaseSync(join(stateDir, "outbox.db"));
    for (const sql of [...(NEWER_AGENT[KNOWN_SCHEMA] ?? []), `PRAGMA user_version = ${KNOWN_SCHEMA + 1}`])
      database.exec(sql);
    const cut = cutPower(stateDir);
    database.close();
    expect(headerVersion(join(cut, "outbox.db"))).toBe(KNOWN_SCHEMA);
    const outbox = openAs(cut);
    expect(outbox.state()).toMatchObject({ queued: 3, newer: [{ version: KNOWN_SCHEMA + 1 }] });
    outbox.close();
  });

  test("with tables of its own and packets that are unknown here is read by what every version keeps", async () => {
    const stateDir = temporaryFolder();
    const path = join(stateDir, "outbox.db");
    const database = new DatabaseSync(path);
    database.exec(`
      CREATE TABLE letter (number INTEGER, kind TEXT, content BLOB, weight REAL);
      INSERT INTO letter VALUES (7, 'witness', x'${bytesOf(7).toHex()}', 1), (8, 'hologram', x'00', 2), (-1, 'witness', x'01', 0);
      CREATE VIEW waiting AS SELECT number AS sequence, kind AS type, 0 AS made_at_ms, content AS bytes, weight FROM letter;
      CREATE VIEW numbering AS SELECT 500 AS next_sequence;
      CREATE TABLE memory (k TEXT, v TEXT); INSERT INTO memory VALUES ('last-window', '9');
      CREATE VIEW fact AS SELECT k AS key, v AS value FROM memory;
      CREATE VIEW done AS SELECT 1 AS sequence WHERE 0;
      PRAGMA user_version = 40;`);
    database.close();
    const outbox = openAs(stateDir);
    expect(waiting(outbox)).toEqual([7]);
    expect(outbox.recall("last-window")).toBe("9");
    expect(await add(outbox)).toBe(500);
    outbox.close();
  });

  test.each([
    [
      "cannot be read",
      (path: string) => new DatabaseSync(path).exec("CREATE TABLE x (y); PRAGMA user_version = 9"),
    ],
    [
      "is damaged",
      (path: string) => {
        new DatabaseSync(path).exec("CREATE TABLE x (y); PRAGMA user_version = 9");
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(7, 100));
      },
    ],
  ])("that %s is not touched either: the mark says which numbers it used", async (_, make) => {
    const stateDir = temporaryFolder();
    const path = join(stateDir, "outbox.db");
    make(path);
    writeFileSync(join(stateDir, "sequence-mark"), "3000\n");
    const before = contentOf(stateDir, ["outbox.db"]);
    const outbox = openAs(stateDir);
    expect(await add(outbox)).toBe(3000);
    expect(outbox.state().newer).toMatchObject([{ path, version: 9, unreadable: expect.any(String) }]);
    expect(outbox.state().damagedFile).toBeUndefined();
    outbox.close();
    expect(contentOf(stateDir, ["outbox.db"])).toEqual(before);
    expect(readdirSync(stateDir)).not.toContain("outbox.db.corrupt");
  });

  test("whose agent is running refuses this one, and the other way round", async () => {
    const stateDir = await newerFolder();
    for (const [first, second] of [
      [NEWER_AGENT, MIGRATIONS],
      [MIGRATIONS, NEWER_AGENT],
    ] as const) {
      const running = openAs(stateDir, first);
      expect(() => openAs(stateDir, second)).toThrow("another agent is running on the same state_dir");
      running.close();
    }
  });

  test("a power cut while the newer agent takes over loses nothing and takes nothing twice", async () => {
    const stateDir = await newerFolder();
    const older = openAs(stateDir);
    const own = await add(older);
    older.remove(2, idOf(2));
    older.close();
    const second = cutPower(stateDir);
    const back = openAs(stateDir, NEWER_AGENT);
    const last = await add(back);
    // Taken over, and not deleted yet.
    const cut = cutPower(stateDir);
    back.close();
    cpSync(join(second, `outbox-v${KNOWN_SCHEMA}.db`), join(cut, `outbox-v${KNOWN_SCHEMA}.db`));
    const again = openAs(cut, NEWER_AGENT);
    expect(waiting(again)).toEqual([1, 3, own, last]);
    expect(await add(again)).toBeGreaterThan(last);
    expect(readdirSync(cut)).not.toContain(`outbox-v${KNOWN_SCHEMA}.db`);
    again.close();
  });

  test("a second outbox that is damaged when the newer agent comes back costs what cannot be read, and no number", async () => {
    const stateDir = await newerFolder();
    const older = openAs(stateDir);
    const own = await add(older);
    older.close();
    const second = join(stateDir, `outbox-v${KNOWN_SCHEMA}.db`);
    writeFileSync(second, readFileSync(second).fill(7, 100));
    const back = openAs(stateDir, NEWER_AGENT);
    expect(waiting(back)).toEqual([1, 2, 3]);
    expect(await add(back)).toBeGreaterThan(own);
    expect(existsSync(`${second}.corrupt`)).toBe(true);
    expect(back.state().damagedFile).toBe(`${second}.corrupt`);
    back.close();
  });
});

test("agents of three versions in any order, stopped or killed: no packet lost, none sent again, no number twice", async () => {
  const run = fc.record({
    version: fc.integer({ min: 0, max: 2 }),
    adds: fc.integer({ min: 0, max: 3 }),
    removes: fc.array(fc.nat(), { maxLength: 2 }),
    isKilled: fc.boolean(),
  });
  const agents = [MIGRATIONS, NEWER_AGENT, NEWEST_AGENT];
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 2, maxLength: 6 }), async (runs) => {
      let stateDir = temporaryFolder();
      mkdirSync(stateDir, { recursive: true });
      const expected = new Set<number>();
      const used = new Set<number>();
      for (const { version, adds, removes, isKilled } of [
        ...runs,
        { version: 2, adds: 1, removes: [], isKilled: false },
      ]) {
        const outbox = openAs(stateDir, agents[version]);
        expect(waiting(outbox)).toEqual([...expected].sort((one, other) => one - other));
        for (const place of removes) {
          const sequence = [...expected][place % Math.max(1, expected.size)];
          if (sequence === undefined) continue;
          expect(outbox.remove(sequence, idOf(sequence))).toBe(true);
          expected.delete(sequence);
        }
        // Written with what was removed, so that a kill does not bring it back.
        for (let i = 0; i < adds + (removes.length > 0 ? 1 : 0); i++) {
          const sequence = await add(outbox);
          expect(used).not.toContain(sequence);
          used.add(sequence);
          expected.add(sequence);
        }
        const left = isKilled ? cutPower(stateDir) : stateDir;
        outbox.close();
        if (isKilled) rmSync(stateDir, { recursive: true });
        stateDir = left;
      }
      rmSync(stateDir, { recursive: true });
    }),
    { numRuns: 12 },
  );
}, 60_000);
