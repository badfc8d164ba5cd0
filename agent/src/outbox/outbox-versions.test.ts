import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Log, logTo, type PacketType, sha256, silentLog } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { storageError } from "../start/storage-error.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { headerVersion } from "./database-files.ts";
import { GroupedOutbox } from "./grouped-outbox.ts";
import type { Outbox } from "./outbox.ts";
import { outboxIn } from "./outbox-files.ts";
import { RESERVED_NUMBERS } from "./outbox-storage.ts";
import { MIGRATIONS, type Migration } from "./schema.ts";

const KNOWN = MIGRATIONS.length;
/** Agents that come after this one: with one and with two more migrations. */
const NEWER: readonly Migration[] = [
  ...MIGRATIONS,
  ["ALTER TABLE packet ADD COLUMN mood TEXT", "CREATE TABLE later (what TEXT) STRICT"],
];
const NEWEST: readonly Migration[] = [...NEWER, ["ALTER TABLE packet ADD COLUMN colour TEXT"]];

const clock = new ManualClock();
const LIMITS = { maxBytes: 1_000_000, maxAgeMs: 86_400_000 };

/** The outbox as the agent that knows these migrations opens it. */
const open = (stateDir: string, migrations = MIGRATIONS, log: Log = silentLog): Outbox =>
  new GroupedOutbox({
    storage: outboxIn({ stateDir, log, migrations }),
    ...{ clock, log, commitIntervalMs: 0, ...LIMITS },
  });

const bytesOf = (sequence: number): Uint8Array => new Uint8Array(60).fill(sequence);
const idOf = (sequence: number): Uint8Array => sha256(bytesOf(sequence));

async function add(outbox: Outbox, type: PacketType = "witness"): Promise<number> {
  return (await clock.resolve(outbox.add(type, bytesOf))).sequence;
}

const waiting = (outbox: Outbox): number[] =>
  outbox
    .next(1000)
    .map(({ sequence }) => sequence)
    .sort((one, other) => one - other);

/** A folder as a power cut leaves it. */
function cutPower(stateDir: string): string {
  const copy = temporaryFolder();
  cpSync(stateDir, copy, { recursive: true });
  return copy;
}

const contentOf = (stateDir: string, names: readonly string[]): string[] =>
  names.map((name) => sha256(readFileSync(join(stateDir, name))).toHex());

/** Where a new process does something to a folder, and is killed as soon as it says so. */
async function killedWhile(script: string): Promise<void> {
  const child = spawn(process.execPath, ["-e", script], {
    cwd: import.meta.dir,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Never ends. */
const ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";

describe("an outbox of each schema in this project's history", () => {
  const fixtures = join(import.meta.dir, "fixtures");
  const names = readdirSync(fixtures);
  expect(names.length).toBeGreaterThan(2);

  test.each(names)("%s: all packets and facts, no number again, and a copy of what it was", async (name) => {
    const stateDir = cutPower(join(fixtures, name));
    const path = join(stateDir, "outbox.db");
    const outbox = open(stateDir);
    expect(outbox.next(10)).toEqual(
      [
        [5, "witness"],
        [4, "witness"],
        [3, "beacon"],
        [1, "witness"],
        [2, "reading"],
      ].map(([sequence, type]) => ({
        ...{ sequence: sequence as number, type: type as PacketType, bytes: bytesOf(sequence as number) },
      })),
    );
    expect(outbox.recall("last-window")).toBe("12");
    const next = await add(outbox);
    expect(next).toBeGreaterThan(5);
    expect(next).toBeLessThanOrEqual(6 + RESERVED_NUMBERS);
    expect(outbox.remove(3, idOf(3))).toBe(true);
    outbox.close();
    expect(headerVersion(path)).toBe(KNOWN);
    const copy = new DatabaseSync(`${path}.before-v${KNOWN}`, { readOnly: true });
    expect(copy.prepare("PRAGMA user_version").get()?.user_version).toBe(1);
    expect(copy.prepare("SELECT count(*) AS n FROM packet").get()?.n).toBe(5);
    copy.close();
    expect(statSync(`${path}.before-v${KNOWN}`).mode & 0o777).toBe(0o600);
    const again = open(stateDir);
    expect(waiting(again)).toEqual([1, 2, 4, 5, next]);
    again.close();
  });
});

describe("a migration", () => {
  const oldFolder = () => cutPower(join(import.meta.dir, "fixtures", "schema-1-60bfeff"));

  test("that is killed in the middle leaves what was there, and is done at the next start", async () => {
    const stateDir = oldFolder();
    const slow = [
      ...MIGRATIONS,
      ["CREATE TABLE later (what TEXT) STRICT", "UPDATE packet SET bytes = x'00'", ENDLESS],
    ];
    await killedWhile(`
      import { silentLog } from "@earshot/protocol";
      import { outboxIn } from ${JSON.stringify(join(import.meta.dir, "outbox-files.ts"))};
      import { DatabaseSync } from "node:sqlite";
      const prepare = DatabaseSync.prototype.prepare;
      DatabaseSync.prototype.prepare = function (sql) {
        if (sql.startsWith("WITH RECURSIVE")) console.log("begun");
        return prepare.call(this, sql);
      };
      outboxIn({ stateDir: ${JSON.stringify(stateDir)}, log: silentLog, migrations: ${JSON.stringify(slow)} });`);
    for (const migrations of [MIGRATIONS, NEWER, NEWEST]) {
      const outbox = open(stateDir, migrations);
      expect(waiting(outbox)).toEqual([1, 2, 3, 4, 5]);
      expect(outbox.next(1)[0]?.bytes).toEqual(bytesOf(5));
      outbox.close();
      expect(headerVersion(join(stateDir, "outbox.db"))).toBe(migrations.length);
    }
    // One copy, of what it was before the last.
    const copies = readdirSync(stateDir).filter((name) => name.includes("before"));
    expect(copies).toEqual([`outbox.db.before-v${NEWEST.length}`]);
  });

  test("that fails leaves what was there, with the reason; the agent of before goes on with it", () => {
    const stateDir = oldFolder();
    const broken = [...NEWER, ["CREATE TABLE more (what TEXT) STRICT", "INSERT INTO nowhere VALUES (1)"]];
    for (let i = 0; i < 2; i++) expect(() => open(stateDir, broken)).toThrow("no such table: nowhere");
    const outbox = open(stateDir);
    expect(waiting(outbox)).toEqual([1, 2, 3, 4, 5]);
    expect(outbox.state().newer).toBeUndefined();
    outbox.close();
  });

  test("for whose copy there is no room is not begun, with what to do", () => {
    const stateDir = oldFolder();
    const before = contentOf(stateDir, ["outbox.db"]);
    const prepare = DatabaseSync.prototype.prepare;
    try {
      DatabaseSync.prototype.prepare = function (sql) {
        // As SQLite reports a full disk (sqlite.org/rescode.html).
        if (sql.startsWith("VACUUM INTO"))
          throw Object.assign(new Error("database or disk is full"), { errcode: 13 });
        return prepare.call(this, sql);
      };
      open(stateDir);
      expect.unreachable();
    } catch (error) {
      expect(storageError(error, stateDir)).toMatchObject({
        message: `${stateDir} cannot be written: its disk is full`,
        advice: `Make room: df -h ${stateDir}.`,
      });
    } finally {
      DatabaseSync.prototype.prepare = prepare;
    }
    expect(contentOf(stateDir, ["outbox.db"])).toEqual(before);
    expect(readdirSync(stateDir).filter((name) => name.includes("before"))).toEqual([]);
  });

  test("that was done though it was reported to have failed counts", () => {
    const stateDir = oldFolder();
    const prepare = DatabaseSync.prototype.prepare;
    DatabaseSync.prototype.prepare = function (sql) {
      const statement = prepare.call(this, sql);
      if (sql !== "COMMIT") return statement;
      statement.run();
      throw Object.assign(new Error("disk I/O error"), { errcode: 10 });
    };
    try {
      expect(() => open(stateDir)).toThrow("disk I/O error");
    } finally {
      DatabaseSync.prototype.prepare = prepare;
    }
    const outbox = open(stateDir);
    expect(waiting(outbox)).toEqual([1, 2, 3, 4, 5]);
    outbox.close();
    expect(headerVersion(join(stateDir, "outbox.db"))).toBe(KNOWN);
  });
});

describe("the outbox of a newer agent", () => {
  /** With packets 1 to 3, of which it has sent none. */
  async function newerFolder(migrations = NEWER): Promise<string> {
    const stateDir = temporaryFolder();
    const outbox = open(stateDir, migrations);
    for (let i = 0; i < 3; i++) await add(outbox);
    outbox.remember("last-window", "12");
    outbox.close();
    return stateDir;
  }

  test("is left as it is; both are sent, and numbers go on after it", async () => {
    for (const isKilled of [false, true]) {
      const closed = await newerFolder();
      const running = isKilled ? open(closed, NEWER) : undefined;
      const stateDir = isKilled ? cutPower(closed) : closed;
      running?.close();
      const names = readdirSync(stateDir).filter((name) => /^outbox\.db(-wal)?$/.test(name));
      const before = contentOf(stateDir, names);
      const logged: unknown[] = [];
      const log = logTo((level, message, fields) => logged.push([level, message, fields]));
      const outbox = open(stateDir, MIGRATIONS, log);
      const path = join(stateDir, "outbox.db");
      expect(logged).toEqual([
        [
          "warn",
          "The outbox of a newer agent is left as it is; this agent has its own beside it",
          { path, version: KNOWN + 1, knownVersion: KNOWN, packets: 3 },
        ],
      ]);
      expect(outbox.state()).toMatchObject({
        queued: 3,
        newer: [{ path, version: KNOWN + 1, knownVersion: KNOWN, packets: 3 }],
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

      const again = open(stateDir);
      expect(waiting(again)).toEqual([1, 3, own, later]);
      again.remember("last-window", "13");
      again.close();
      expect(contentOf(stateDir, names)).toEqual(before);

      const back = open(stateDir, NEWER);
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
    for (const sql of [...(NEWER[KNOWN] ?? []), `PRAGMA user_version = ${KNOWN + 1}`]) database.exec(sql);
    const cut = cutPower(stateDir);
    database.close();
    expect(headerVersion(join(cut, "outbox.db"))).toBe(KNOWN);
    const outbox = open(cut);
    expect(outbox.state()).toMatchObject({ queued: 3, newer: [{ version: KNOWN + 1 }] });
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
    const outbox = open(stateDir);
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
    const outbox = open(stateDir);
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
      [NEWER, MIGRATIONS],
      [MIGRATIONS, NEWER],
    ] as const) {
      const running = open(stateDir, first);
      expect(() => open(stateDir, second)).toThrow("another agent is running on the same state_dir");
      running.close();
    }
  });

  test("a power cut while the newer agent takes over loses nothing and takes nothing twice", async () => {
    const stateDir = await newerFolder();
    const older = open(stateDir);
    const own = await add(older);
    older.remove(2, idOf(2));
    older.close();
    const second = cutPower(stateDir);
    const back = open(stateDir, NEWER);
    const last = await add(back);
    // Taken over, and not deleted yet.
    const cut = cutPower(stateDir);
    back.close();
    cpSync(join(second, `outbox-v${KNOWN}.db`), join(cut, `outbox-v${KNOWN}.db`));
    const again = open(cut, NEWER);
    expect(waiting(again)).toEqual([1, 3, own, last]);
    expect(await add(again)).toBeGreaterThan(last);
    expect(readdirSync(cut)).not.toContain(`outbox-v${KNOWN}.db`);
    again.close();
  });

  test("a second outbox that is damaged when the newer agent comes back costs what cannot be read, and no number", async () => {
    const stateDir = await newerFolder();
    const older = open(stateDir);
    const own = await add(older);
    older.close();
    const second = join(stateDir, `outbox-v${KNOWN}.db`);
    writeFileSync(second, readFileSync(second).fill(7, 100));
    const back = open(stateDir, NEWER);
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
  const agents = [MIGRATIONS, NEWER, NEWEST];
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
        const outbox = open(stateDir, agents[version]);
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
