import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { encodePacket, type Log, logTo, signerFromSeed, silentLog } from "@earshot/protocol";
import { ManualClock, typicalPackets } from "@earshot/protocol/testing";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { MAX_JUMP } from "./numbering.ts";
import type { Outbox } from "./outbox.ts";
import { RESERVED_NUMBERS } from "./outbox-storage.ts";
import { SEQUENCE_BLOCK, SequenceMark } from "./sequence-mark.ts";
import { openDatabase } from "./sqlite-database.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

const clock = new ManualClock();
const newFolder = () => temporaryFolder();
const open = (stateDir: string, log: Log = silentLog, maxBytes = 1_000_000) =>
  sqliteOutbox({ stateDir, clock, log, maxBytes, maxAgeMs: 86_400_000 });

async function add(outbox: Outbox): Promise<number> {
  const entry = outbox.add("witness", (sequence) => new Uint8Array(2000).fill(sequence));
  return (await clock.resolve(entry)).sequence;
}

test("a damaged database is moved aside, and no number is used twice", async () => {
  for (const damage of [
    (path: string) =>
      writeFileSync(path, "this is not a database, but it is long enough to be looked at".repeat(20)),
    (path: string) => truncateSync(path, 5000),
  ]) {
    const stateDir = newFolder();
    const first = open(stateDir);
    let last = 0;
    for (let i = 0; i < 5; i++) last = await add(first);
    first.close();
    damage(join(stateDir, "outbox.db"));
    const logged: string[] = [];
    const second = open(
      stateDir,
      logTo((level, message) => logged.push(`${level}: ${message}`)),
    );
    expect(logged).toEqual([
      "error: The outbox was damaged: a new one was begun with what could be read of it",
    ]);
    expect(existsSync(join(stateDir, "outbox.db.corrupt"))).toBe(true);
    const next = await add(second);
    expect(next).toBeGreaterThan(last);
    expect(next).toBeLessThanOrEqual(last + 2 * SEQUENCE_BLOCK);
    second.close();
  }
});

test("a damaged database is reported until somebody deletes the moved file, also after a restart", async () => {
  const stateDir = newFolder();
  writeFileSync(join(stateDir, "outbox.db"), randomBytes(16_384));
  const aside = join(stateDir, "outbox.db.corrupt");
  for (let i = 0; i < 2; i++) {
    const outbox = open(stateDir);
    expect(outbox.state().damagedFile).toBe(aside);
    await add(outbox);
    outbox.close();
  }
  const outbox = open(stateDir);
  rmSync(aside);
  expect(outbox.state().damagedFile).toBeUndefined();
  expect(outbox.state().queued).toBe(2);
  outbox.close();
});

test("of a damaged database all packets on both sides of the damage are saved, and nothing else", async () => {
  const stateDir = newFolder();
  const path = join(stateDir, "outbox.db");
  const first = open(stateDir);
  const signer = signerFromSeed(new Uint8Array(32).fill(1));
  const added = Array.from({ length: 200 }, () =>
    first.add("witness", (sequence) => encodePacket({ ...typicalPackets.witness, sequence }, signer, "test")),
  );
  await clock.resolve(Promise.all(added));
  void first.add("reading", () => new Uint8Array(100).fill(7));
  first.close();
  const file = openSync(path, "r+");
  writeSync(file, randomBytes(1024), 0, 1024, 20 * 1024);
  closeSync(file);
  const logged: unknown[] = [];
  const second = open(
    stateDir,
    logTo((_, __, fields) => logged.push(fields)),
  );
  const saved = second.next(300).map(({ sequence }) => sequence);
  expect(saved.length).toBeGreaterThan(180);
  expect(saved.length).toBeLessThan(200);
  expect(saved).toContain(1);
  expect(saved).toContain(200);
  expect(logged).toMatchObject([{ saved: saved.length }]);
  expect(await add(second)).toBeGreaterThan(201);
  second.close();
});

test.each([
  ["a number that does not exist", "UPDATE fact SET value = '9999999999' WHERE key = 'next-sequence'"],
  ["no number", "UPDATE fact SET value = 'many' WHERE key = 'next-sequence'"],
  ["a packet numbered beyond all", "INSERT INTO packet VALUES (4294967296, 'witness', 1, x'00')"],
  ["a packet of no type", "UPDATE packet SET type = 'w%tness'"],
])("sound pages that say %s are damage too: nothing is wedged", async (_, damage) => {
  const stateDir = newFolder();
  const first = open(stateDir);
  const last = await add(first);
  first.close();
  const database = new DatabaseSync(join(stateDir, "outbox.db"));
  database.exec(damage);
  database.close();
  const second = open(stateDir);
  expect(second.state().damagedFile).toBeDefined();
  const next = await add(second);
  expect(next).toBeGreaterThan(last);
  expect(next).toBeLessThanOrEqual(last + 2 * SEQUENCE_BLOCK);
  second.close();
});

describe("a sequence mark that cannot be", () => {
  for (const mark of ["4000000000\n", "9999999999\n", "many\n", "-5\n", ""]) {
    test(`${JSON.stringify(mark)} counts for nothing, with a line, beside a sound database and without one`, async () => {
      for (const isLost of [false, true]) {
        const stateDir = newFolder();
        const first = open(stateDir);
        const last = await add(first);
        first.close();
        writeFileSync(join(stateDir, "sequence-mark"), mark);
        if (isLost) rmSync(join(stateDir, "outbox.db"));
        const logged: string[] = [];
        const second = open(
          stateDir,
          logTo((level, message) => logged.push(`${level}: ${message}`)),
        );
        expect(logged).toEqual(["warn: The sequence mark is damaged and not used"]);
        expect(await add(second)).toBe(isLost ? 1 : last + 1);
        expect(readFileSync(join(stateDir, "sequence-mark"), "utf8")).toMatch(/^\d{2,3}\n$/);
        second.close();
      }
    });
  }

  test("is believed beside a sound database as far as numbering follows the network", async () => {
    for (const [ahead, isBelieved] of [
      [MAX_JUMP - 1, true],
      [MAX_JUMP + 1, false],
    ] as const) {
      const stateDir = newFolder();
      const first = open(stateDir);
      const last = await add(first);
      first.close();
      writeFileSync(join(stateDir, "sequence-mark"), `${last + 1 + ahead}\n`);
      const second = open(stateDir);
      expect(await add(second)).toBe(isBelieved ? last + 1 + ahead : last + 1);
      second.close();
    }
  });
});

describe("while it is in use", () => {
  test.each([
    ["deleted", (path: string) => rmSync(path)],
    ["deleted with its log", (path: string) => [path, `${path}-wal`].map((file) => rmSync(file))],
    [
      "replaced",
      (path: string) => {
        rmSync(path);
        writeFileSync(path, "another");
      },
    ],
  ])(
    "a file that is %s is written anew with the next packet, and nothing is lost, not in a crash either",
    async (_, how) => {
      const stateDir = newFolder();
      const path = join(stateDir, "outbox.db");
      const outbox = open(stateDir);
      for (let i = 0; i < 3; i++) await add(outbox);
      outbox.remember("window", "12");
      how(path);
      for (let i = 0; i < 2; i++) await add(outbox);
      // A copy of the folder is what a crash leaves behind.
      const copy = newFolder();
      cpSync(stateDir, copy, { recursive: true });
      const crashed = open(copy);
      expect(crashed.state()).toMatchObject({ queued: 5 });
      expect(crashed.recall("window")).toBe("12");
      expect(crashed.state().damagedFile).toBeUndefined();
      crashed.close();
      expect(outbox.next(10).map(({ sequence }) => sequence)).toEqual([5, 4, 3, 2, 1]);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      outbox.close();
      const again = open(stateDir);
      expect(again.state()).toMatchObject({ queued: 5 });
      again.close();
    },
  );

  test("a folder in which no file can be written is a failure with what was lost, and then over", async () => {
    const stateDir = newFolder();
    const outbox = open(stateDir);
    await add(outbox);
    renameSync(stateDir, `${stateDir}-away`);
    for (let i = 0; i < 2; i++) await expect(add(outbox)).rejects.toThrow();
    expect(outbox.state().failure).toMatchObject({ lost: 2 });
    renameSync(`${stateDir}-away`, stateDir);
    await add(outbox);
    expect(outbox.state().failure).toBeUndefined();
    expect(outbox.next(10)).toHaveLength(2);
    outbox.close();
  });

  test("damage that turns out later is moved aside, and the next packet has a place", async () => {
    const stateDir = newFolder();
    const path = join(stateDir, "outbox.db");
    const first = open(stateDir, silentLog, 10_000_000);
    // More than SQLite keeps in memory.
    const many = Array.from({ length: 2000 }, () =>
      first.add("witness", (sequence) => new Uint8Array(2000).fill(sequence)),
    );
    await clock.resolve(Promise.all(many));
    first.close();
    const outbox = open(stateDir, silentLog, 10_000_000);
    const file = openSync(path, "r+");
    writeSync(file, randomBytes(statSync(path).size), 0);
    closeSync(file);
    for (let i = 0; i < 3; i++) outbox.next(3000);
    expect(outbox.state()).toMatchObject({ queued: 0, damagedFile: `${path}.corrupt` });
    const sequence = await add(outbox);
    expect(sequence).toBe(2001);
    expect(outbox.state().failure).toBeUndefined();
    outbox.close();
    const again = open(stateDir);
    expect(again.next(10).map((entry) => entry.sequence)).toEqual([sequence]);
    again.close();
  });
});

test("a transaction that fails at its last step leaves nothing behind, and the next writes what it would have written", () => {
  const stateDir = newFolder();
  const path = join(stateDir, "outbox.db");
  open(stateDir).close();
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TRIGGER full BEFORE UPDATE ON fact WHEN NEW.key = 'dropped' AND NEW.value = '1'
    BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);
  database.close();
  const opened = (folder: string) =>
    new SqliteStorage({
      ...{ path: join(folder, "outbox.db"), log: silentLog },
      mark: new SequenceMark(join(folder, "sequence-mark"), silentLog),
    });
  const storage = opened(stateDir);
  storage.load();
  const entry = (sequence: number) =>
    ({ sequence, type: "witness", madeAtMs: undefined, bytes: Uint8Array.of(sequence) }) as const;
  const facts = new Map([["window", "12"]]);
  storage.write({ insert: [entry(1)], remove: [], nextSequence: 2, dropped: 0, facts: new Map() });
  expect(() =>
    storage.write({ insert: [entry(2)], remove: [1], nextSequence: 3, dropped: 1, facts }),
  ).toThrow("database or disk is full");
  expect(storage.recall("window")).toBeUndefined();
  expect([1, 2].map((sequence) => storage.read(sequence) !== undefined)).toEqual([true, false]);
  storage.write({ insert: [], remove: [1], nextSequence: 3, dropped: 2, facts });
  // A copy of the folder is what a crash leaves behind.
  const copy = newFolder();
  cpSync(stateDir, copy, { recursive: true });
  storage.close(3);
  const crashed = opened(copy);
  expect(crashed.load()).toEqual({ nextSequence: 3 + RESERVED_NUMBERS, dropped: 2, entries: [] });
  expect(crashed.recall("window")).toBe("12");
  crashed.close(3);
});

test("SQLite syncs each transaction to the card: no power cut revokes a number that was published", () => {
  const database = openDatabase(join(newFolder(), "outbox.db"), { firstSequence: 1 });
  const told = (pragma: string) => Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
  // sqlite.org/pragma.html#pragma_synchronous: 2 is FULL; with less, a log's last transactions may be rolled back.
  expect(told("synchronous")).toBeGreaterThanOrEqual(2);
  expect(told("journal_mode")).toBe("wal");
  database.close();
});

test("the mark is written once in a block of numbers", async () => {
  const stateDir = newFolder();
  const outbox = open(stateDir);
  await add(outbox);
  const mark = readFileSync(join(stateDir, "sequence-mark"), "utf8");
  for (let i = 0; i < 5; i++) await add(outbox);
  expect(readFileSync(join(stateDir, "sequence-mark"), "utf8")).toBe(mark);
  outbox.close();
});

test("a second agent on the same folder is refused with what to do", () => {
  const stateDir = newFolder();
  const first = open(stateDir);
  expect(() => open(stateDir)).toThrow(/another agent is running on the same state_dir/);
  first.close();
  open(stateDir).close();
});

test("what waits is for its owner alone, also where an earlier version left it open to others", async () => {
  const stateDir = join(newFolder(), "state");
  const modes = () =>
    readdirSync(stateDir).map(
      (name) => `${name} ${(statSync(join(stateDir, name)).mode & 0o777).toString(8)}`,
    );
  for (let i = 0; i < 2; i++) {
    const outbox = open(stateDir);
    await add(outbox);
    expect(modes().sort()).toEqual(["outbox.db 600", "outbox.db-wal 600", "sequence-mark 600"]);
    outbox.close();
    chmodSync(join(stateDir, "outbox.db"), 0o644);
  }
  expect(statSync(stateDir).mode & 0o777).toBe(0o700);
});

test("a FIFO, a folder or a link that leads nowhere in its place is a sentence, at once", () => {
  for (const make of [
    (path: string) => execFileSync("mkfifo", [path]),
    (path: string) => mkdirSync(path),
    (path: string) => symlinkSync("nowhere", path),
  ]) {
    const stateDir = newFolder();
    make(join(stateDir, "outbox.db"));
    expect(() => open(stateDir)).toThrow(
      /outbox\.db is (not a file but a (FIFO|folder)|a link to what is not there)/,
    );
  }
});

test("a packet costs little more than its own bytes on the card", async () => {
  const stateDir = newFolder();
  const outbox = open(stateDir);
  await add(outbox);
  const before = statSync(join(stateDir, "outbox.db-wal")).size;
  for (let i = 0; i < 20; i++) await clock.resolve(outbox.add("witness", () => new Uint8Array(200)));
  const perPacket = (statSync(join(stateDir, "outbox.db-wal")).size - before) / 20;
  // Pages of 1024 bytes, each with a head: less than two for a packet, its number included.
  expect(perPacket).toBeLessThan(2 * 1048);
  outbox.close();
});
