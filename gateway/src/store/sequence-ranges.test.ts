import { expect, test } from "bun:test";
import type { SequenceRange } from "@earshot/protocol";
import fc from "fast-check";
import { packetTable } from "./packet-table.ts";
import { SenderNumbers } from "./sender-table.ts";
import { addToRanges, SequenceRanges } from "./sequence-ranges.ts";
import { openSqlite } from "./sqlite-database.ts";
import { storedPacket, testId } from "./test-data.ts";

test("ranges hold exactly the numbers added, ascending and apart", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (numbers) => {
      const ranges: SequenceRange[] = [];
      for (const number of numbers) addToRanges(ranges, number);
      const held = ranges.flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, i) => first + i),
      );
      expect(held).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      for (const [i, { first }] of ranges.entries())
        expect(first).toBeGreaterThan((ranges[i - 1]?.last ?? -1) + 1);
    }),
  );
});

test("gaps left on purpose take room from others' ranges, and not more than there is", async () => {
  const database = await openSqlite(":memory:");
  let queries = 0;
  const counted: typeof database = {
    ...database,
    transaction: (work) => {
      queries++;
      return database.transaction(work);
    },
  };
  const ranges = new SequenceRanges(counted, { hotspots: 2, ranges: 4 });
  const packets = packetTable(database, new SenderNumbers(database));
  const add = async (hotspotId: string, ...sequences: number[]) => {
    const added = sequences.map((sequence) =>
      storedPacket({ id: testId(`${hotspotId} ${sequence}`), hotspotId, sequence }),
    );
    await packets.addPackets(added);
    ranges.note(added);
  };
  const asked = async (hotspotId: string) => {
    const before = queries;
    const found = await ranges.sequenceRanges(hotspotId);
    return [found.length, queries - before];
  };
  await add("a", 1, 2, 3);
  await add("b", 1, 3);
  expect([await asked("a"), await asked("b"), await asked("a")]).toEqual([
    [1, 1],
    [2, 1],
    [1, 0],
  ]);
  // More than there is room for: the least recently used goes, and at last the greedy one itself.
  await add("b", 5, 7, 9, 11);
  expect([await asked("a"), await asked("b"), await asked("b"), await asked("a")]).toEqual([
    [1, 0],
    [6, 1],
    [6, 1],
    [1, 1],
  ]);
  await database.close();
});
