import { describe, expect, test } from "bun:test";
import type { LogKind } from "./records.ts";
import type { LogAddition, Store } from "./store.ts";
import { entropyRecord, storedEpoch } from "./test-data.ts";

/** The part of the store's contract that is about the network's log. */
export function logContract(open: () => Store): void {
  describe("the network's log", () => {
    const entry = (kind: LogKind, number: number, byte: number) => ({
      ...{ kind, number, message: Uint8Array.of(byte, 0, 255) },
    });
    const first: LogAddition = {
      position: 0,
      entries: [entry("statement", 0, 1), entry("entropy", 7, 2), entry("entropy", 8, 3)],
      hashes: [],
      through: { entropy: 8 },
      note: "first\n",
    };
    const second: LogAddition = {
      position: 3,
      entries: [entry("index", 7, 4), entry("statement", 0, 5)],
      hashes: [0, 1].map((index) => ({ level: 1, index, hash: new Uint8Array(32).fill(index) })),
      through: { index: 7 },
      note: "second\n",
    };

    test("keeps entries in their order, with the checkpoint over them", async () => {
      const store = open();
      expect([await store.logSize(), await store.logNote("newest")]).toEqual([0, undefined]);
      await store.addToLog(first);
      await store.addToLog(second);
      expect(await store.logSize()).toBe(5);
      expect(await store.logNote("newest")).toBe("second\n");
      const all = [...first.entries, ...second.entries].map((added, position) => ({ ...added, position }));
      expect(await store.logEntries(0, 100)).toEqual(all);
      expect(await store.logEntries(1, 2)).toEqual(all.slice(1, 3));
      expect(await store.logEntries(5, 2)).toEqual([]);
      expect(await store.logStatements()).toEqual([all[0] as never, all[4] as never]);
      expect(await store.newestLogEntry("entropy", 8)).toEqual(all[2] as never);
      expect(await store.newestLogEntry("entropy", 9)).toBeUndefined();
      expect(await store.logHashes(1, 0, 2)).toEqual(second.hashes.map(({ hash }) => hash));
      expect(await store.logHashes(1, 1, 5)).toEqual([new Uint8Array(32).fill(1)]);
      expect(await store.logHashes(2, 0, 1)).toEqual([]);
    });

    test("knows up to where each kind is logged", async () => {
      const store = open();
      await store.addToLog(first);
      await store.addToLog(second);
      expect(await Promise.all((["entropy", "index", "manifest"] as const).map(store.logThrough))).toEqual([
        8,
        7,
        undefined,
      ]);
    });

    test("appends all of it or nothing, and only at its end", async () => {
      const store = open();
      await store.addToLog(first);
      for (const position of [0, 2, 4]) {
        expect(store.addToLog({ ...second, position })).rejects.toThrow(
          `Cannot append to the log at ${position}: it has 3 entries`,
        );
      }
      const twice = { level: 1, index: 0, hash: new Uint8Array(32) };
      expect(store.addToLog({ ...second, hashes: [twice, twice] })).rejects.toThrow();
      expect(await store.logSize()).toBe(3);
      expect(await store.logNote("newest")).toBe("first\n");
      expect(await store.logThrough("index")).toBeUndefined();
    });

    test("keeps the newest checkpoint that is witnessed", async () => {
      const store = open();
      expect(await store.logNote("witnessed")).toBeUndefined();
      await store.putWitnessedNote("one\n");
      await store.putWitnessedNote("two\n");
      expect(await store.logNote("witnessed")).toBe("two\n");
    });

    test("stays as it is when what it shows is revoked, and takes what comes in its place", async () => {
      const store = open();
      const fixed = {
        entropyPeriodMs: 60_000,
        epochPeriods: 1440,
        reportDeadlineMs: 600_000,
        revealDeadlineMs: 1_200_000,
      };
      const today = 20_454;
      const now = today * 1440 + 720;
      // What was made last before the clock was ahead; the present period's is made afterwards.
      for (const index of [now - 5, now + 1440])
        await store.addEntropy(entropyRecord(index), Uint8Array.of(1));
      await store.addEpoch(storedEpoch(today - 1), [], [], 0);
      await store.addEpoch(storedEpoch(today), [], [], 0);
      await store.addJudgement(now + 1400, [], [], []);
      const through = { entropy: now + 1440, index: now + 1400, manifest: today };
      const entries = [entry("entropy", now + 1440, 1), entry("index", now + 1400, 2)];
      await store.addToLog({ ...first, entries: [...entries, entry("manifest", today, 3)], through });
      const revoked = await store.revokeAfter(now * 60_000 + 500, fixed, () => new Map());
      expect(await store.logSize()).toBe(3);
      expect(await store.logThrough("entropy")).toBe(now - 5);
      expect(await store.logThrough("manifest")).toBe(today - 1);
      expect(await store.logThrough("index")).toBe(revoked?.judgedThrough);
      const again = entry("entropy", now + 1440, 9);
      await store.addToLog({ ...first, position: 3, entries: [again], through: { entropy: now + 1440 } });
      expect(await store.newestLogEntry("entropy", now + 1440)).toEqual({ ...again, position: 3 });
      expect(await store.logThrough("entropy")).toBe(now + 1440);
    });
  });
}
