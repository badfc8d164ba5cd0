import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "./open-store.ts";
import {
  entropyRecord,
  hotspot,
  statusPacket,
  storedEpoch,
  storedPacket,
  storedVerdict,
} from "./test-data.ts";

const TODAY = 20_454;
const NOW_INDEX = TODAY * 1440 + 720;
const NOW_MS = NOW_INDEX * 60_000 + 500;
const FIXED = {
  entropyPeriodMs: 60_000,
  epochPeriods: 1440,
  reportDeadlineMs: 600_000,
  revealDeadlineMs: 1_200_000,
};

/** Times that may lie ahead of the gateway's clock, and why. */
const NOT_OF_ITS_CLOCK: Readonly<Record<string, string>> = {
  "packets.reading_at_ms": "the hotspot's own word",
};

interface Column {
  table: string;
  name: string;
}

test("no time of the gateway's own clock stays in the future, whichever column it is in", async () => {
  const folder = mkdtempSync(join(tmpdir(), "earshot-revoked-"));
  const path = join(folder, "store.sqlite");
  const store = await openStore(`sqlite://${path}`);
  await store.addEntropy(entropyRecord(NOW_INDEX + 1440), Uint8Array.of(1));
  await store.addPackets([storedPacket({ id: "aa", entropyIndex: NOW_INDEX - 5 })]);
  await store.addJudgement(NOW_INDEX - 20, [storedVerdict({ packetId: "aa" })], [], []);
  await store.addEpoch(storedEpoch(TODAY - 1), [], [], 0);
  await store.putHotspot(hotspot({ id: "a" }));
  await store.putStatuses([{ hotspotId: "a", status: statusPacket(), receivedAtMs: NOW_MS }]);
  const denial = { hotspot: new Uint8Array(32), peer: null, reason: "test", evidence: "1" };
  const until = { atMs: NOW_MS, fromEpoch: TODAY + 1, untilEpoch: TODAY + 2 };
  await store.addDenial({ ...denial, ...until }, Uint8Array.of(5));
  await store.close();

  const file = new Database(path);
  const columns = file
    .query<Column, []>(
      "SELECT m.name AS 'table', c.name AS name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name LIKE '%at_ms'",
    )
    .all()
    .filter(({ table, name }) => NOT_OF_ITS_CLOCK[`${table}.${name}`] === undefined);
  for (const { table, name } of columns) file.run(`UPDATE ${table} SET ${name} = ${NOW_MS + 86_400_000}`);
  file.close();

  const again = await openStore(`sqlite://${path}`);
  expect(await again.revokeAfter(NOW_MS, FIXED, () => new Map())).toBeDefined();
  await again.close();
  const left = new Database(path);
  const inTheFuture = columns.filter(
    ({ table, name }) => left.query(`SELECT 1 FROM ${table} WHERE ${name} > ${NOW_MS}`).get() !== null,
  );
  left.close();
  rmSync(folder, { recursive: true });
  expect(columns.length).toBeGreaterThan(10);
  expect(inTheFuture.map(({ table, name }) => `${table}.${name}`)).toEqual([]);
});
