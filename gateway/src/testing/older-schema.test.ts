import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FIRST_SCHEMA, SCHEMA_VERSION } from "../store/migrations/migrations.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { writeAsOlderSchema } from "./older-schema.ts";
import { FIRST_EPOCH, HOTSPOTS } from "./test-network.ts";
import { judgedStore } from "./test-store.ts";

const folder = mkdtempSync(join(tmpdir(), "earshot-older-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Tables before this one did not say what is late: it is found anew by the deadline that all reports had then. */
const SAYS_LATE = 9;

async function contentOf(store: Store, schema: number): Promise<unknown[]> {
  const hotspots = HOTSPOTS.map(({ id }) => id);
  const packetsOf = async (epoch: number) =>
    (await store.packetsOfEpoch(epoch)).map(({ isLate, ...packet }) => [
      packet,
      schema >= SAYS_LATE && isLate,
    ]);
  return [
    await packetsOf(FIRST_EPOCH),
    await packetsOf(FIRST_EPOCH + 1),
    await store.verdictsOfEpoch(FIRST_EPOCH),
    await store.recentBeacons({ limit: 99 }),
    await Promise.all(hotspots.map((id) => store.sequenceRanges(id))),
    await store.contactsBefore(hotspots, Number.MAX_SAFE_INTEGER),
    (await store.entropyRange(0, 0xffff_ffff)).map(({ message }) => message),
    await store.parametersVersions(),
    (await store.hotspots()).map(({ id, cell, change }) => ({ id, cell, change })),
    await store.judgedThrough(),
  ];
}

const schemas = Array.from({ length: SCHEMA_VERSION - FIRST_SCHEMA + 1 }, (_, i) => FIRST_SCHEMA + i);

test.each(schemas)(
  "a judged network written as schema %d is the same when it is up to date again",
  async (schema) => {
    const path = join(folder, `${schema}.db`);
    const memory = await judgedStore(2, `sqlite://${path}`);
    const before = await contentOf(memory, schema);
    await memory.close();
    await writeAsOlderSchema(path, schema);
    const file = new Database(path, { readonly: true });
    expect(file.query("SELECT value FROM facts WHERE name = 'schema'").get()).toEqual({
      value: String(schema),
    });
    file.close();
    const store = await openStore(`sqlite://${path}`);
    expect(await contentOf(store, schema)).toEqual(before);
    await store.close();
  },
);

test("a schema that is not known is named", async () => {
  await expect(writeAsOlderSchema(join(folder, "none.db"), 5)).rejects.toThrow("Schema 5; 6 to");
});
