import type { Database as Connection } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "./database.ts";
import { openSqlite } from "./sqlite-database.ts";

/** As SQLite numbers them. */
const FULL = 2;
const OFF = 0;

/** How each connection that writes waits for the disk: the one for all, and the one of prepared statements. */
async function flushing({ sql, prepared }: Database): Promise<(number | undefined)[]> {
  const [row] = await sql.unsafe<{ synchronous: number }[]>("PRAGMA synchronous");
  const ask = (writer: Connection) =>
    writer.query<{ synchronous: number }, []>("PRAGMA synchronous").get()?.synchronous;
  return [row?.synchronous, await prepared?.(ask)];
}

test("each commit is flushed to the disk, by every connection, unless nothing is to last", async () => {
  const folder = mkdtempSync(join(tmpdir(), "earshot-sqlite-"));
  try {
    for (const [options, expected] of [
      [{}, FULL],
      [{ isLasting: true }, FULL],
      [{ isLasting: false }, OFF],
    ] as const) {
      const database = await openSqlite(join(folder, `${JSON.stringify(options)}.sqlite`), options);
      expect([options, ...(await flushing(database))]).toEqual([options, expected, expected]);
      await database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
