import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { PacketType } from "@earshot/protocol";
import { storageError } from "../start/storage-error.ts";
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
import { headerVersion } from "./database-files.ts";
import { RESERVED_NUMBERS } from "./outbox-storage.ts";
import { MIGRATIONS } from "./schema.ts";

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
    const outbox = openAs(stateDir);
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
    expect(headerVersion(path)).toBe(KNOWN_SCHEMA);
    const copy = new DatabaseSync(`${path}.before-v${KNOWN_SCHEMA}`, { readOnly: true });
    expect(copy.prepare("PRAGMA user_version").get()?.user_version).toBe(1);
    expect(copy.prepare("SELECT count(*) AS n FROM packet").get()?.n).toBe(5);
    copy.close();
    expect(statSync(`${path}.before-v${KNOWN_SCHEMA}`).mode & 0o777).toBe(0o600);
    const again = openAs(stateDir);
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
    for (const migrations of [MIGRATIONS, NEWER_AGENT, NEWEST_AGENT]) {
      const outbox = openAs(stateDir, migrations);
      expect(waiting(outbox)).toEqual([1, 2, 3, 4, 5]);
      expect(outbox.next(1)[0]?.bytes).toEqual(bytesOf(5));
      outbox.close();
      expect(headerVersion(join(stateDir, "outbox.db"))).toBe(migrations.length);
    }
    // One copy, of what it was before the last.
    const copies = readdirSync(stateDir).filter((name) => name.includes("before"));
    expect(copies).toEqual([`outbox.db.before-v${NEWEST_AGENT.length}`]);
  });

  test("that fails leaves what was there, with the reason; the agent of before goes on with it", () => {
    const stateDir = oldFolder();
    const broken = [
      ...NEWER_AGENT,
      ["CREATE TABLE more (what TEXT) STRICT", "INSERT INTO nowhere VALUES (1)"],
    ];
    for (let i = 0; i < 2; i++) expect(() => openAs(stateDir, broken)).toThrow("no such table: nowhere");
    const outbox = openAs(stateDir);
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
      openAs(stateDir);
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
      expect(() => openAs(stateDir)).toThrow("disk I/O error");
    } finally {
      DatabaseSync.prototype.prepare = prepare;
    }
    const outbox = openAs(stateDir);
    expect(waiting(outbox)).toEqual([1, 2, 3, 4, 5]);
    outbox.close();
    expect(headerVersion(join(stateDir, "outbox.db"))).toBe(KNOWN_SCHEMA);
  });
});
