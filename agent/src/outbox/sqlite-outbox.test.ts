import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Log, silentLog } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { Outbox } from "./outbox.ts";
import { SEQUENCE_BLOCK } from "./sequence-mark.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

const clock = new ManualClock();
const newFolder = () => temporaryFolder();
const open = (stateDir: string, log: Log = silentLog) =>
  sqliteOutbox({ stateDir, clock, log, maxBytes: 1_000_000, maxAgeMs: 86_400_000 });

async function add(outbox: Outbox): Promise<number> {
  const entry = outbox.add("witness", clock.now(), (sequence) => new Uint8Array(2000).fill(sequence));
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
    const second = open(stateDir, (level, message) => logged.push(`${level}: ${message}`));
    expect(logged).toEqual(["error: The outbox was damaged: what it held is lost, a new one was begun"]);
    expect(existsSync(join(stateDir, "outbox.db.corrupt"))).toBe(true);
    const next = await add(second);
    expect(next).toBeGreaterThan(last);
    expect(next).toBeLessThanOrEqual(last + 2 * SEQUENCE_BLOCK);
    second.close();
  }
});

test("numbering goes on when the database is deleted or an old copy is put back", async () => {
  const stateDir = newFolder();
  const path = join(stateDir, "outbox.db");
  let outbox = open(stateDir);
  expect(await add(outbox)).toBe(1);
  outbox.close();
  const oldCopy = readFileSync(path);
  outbox = open(stateDir);
  // Beyond two blocks, as a gateway that knows more numbers makes it jump.
  outbox.avoid([{ first: 1, last: 5000 }]);
  expect(await add(outbox)).toBe(5001);
  outbox.close();

  writeFileSync(path, oldCopy);
  outbox = open(stateDir);
  const afterCopy = await add(outbox);
  expect(afterCopy).toBeGreaterThan(5001);
  outbox.close();

  rmSync(path);
  outbox = open(stateDir);
  expect(await add(outbox)).toBeGreaterThan(afterCopy);
  outbox.close();
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
  for (let i = 0; i < 20; i++)
    await clock.resolve(outbox.add("witness", clock.now(), () => new Uint8Array(200)));
  const perPacket = (statSync(join(stateDir, "outbox.db-wal")).size - before) / 20;
  expect(perPacket).toBeLessThan(3000);
  outbox.close();
});
