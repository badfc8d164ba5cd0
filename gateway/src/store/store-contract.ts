import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { StoredPacket } from "./records.ts";
import type { Store } from "./store.ts";
import { verdictPageKey } from "./store.ts";
import { announcedContract } from "./store-contract-announced.ts";
import { contactsContract } from "./store-contract-contacts.ts";
import { logContract } from "./store-contract-log.ts";
import { readingsContract } from "./store-contract-readings.ts";
import { takenBackContract } from "./store-contract-revoked.ts";
import { registryContract, rulesContract } from "./store-contract-rules.ts";
import { statusesContract } from "./store-contract-statuses.ts";
import {
  entropyRecord,
  statusPacket,
  storedEpoch,
  storedPacket,
  storedVerdict,
  testId,
} from "./test-data.ts";

/** What every store must do. `open` gives an empty one; the suite closes it. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`store: ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());
    const ids = (packets: readonly StoredPacket[]) => packets.map(({ id }) => id);

    test("gives a packet back as it was filed", async () => {
      const report = storedPacket({ id: "aa" });
      const status = storedPacket({
        id: "bb",
        type: "status",
        entropyIndex: null,
        epoch: null,
      });
      expect(await store.addPackets([report, status])).toEqual(new Set(["aa", "bb"]));
      expect(await store.packetsBySequence("z6MkA", [1])).toEqual([report, status]);
      expect(await store.packetsBySequence("z6MkA", [2])).toEqual([]);
      expect(await store.packetsBySequence("z6MkB", [1])).toEqual([]);
    });

    test("keeps the first filing of a packet and says which were new", async () => {
      await store.addPackets([storedPacket({ id: "aa", receivedAtMs: 1000 })]);
      const again = [storedPacket({ id: "aa", receivedAtMs: 1000 }), storedPacket({ id: "bb", sequence: 2 })];
      expect(await store.addPackets(again)).toEqual(new Set(["bb"]));
      await store.addPackets([storedPacket({ id: "aa", receivedAtMs: 2000, epoch: 9 })]);
      expect(await store.packetsBySequence("z6MkA", [1])).toMatchObject([
        { receivedAtMs: 1000, epoch: 20_454 },
      ]);
    });

    test("files thousands of packets at once", async () => {
      const many = Array.from({ length: 7001 }, (_, i) =>
        storedPacket({ id: testId(`${i}`), sequence: i + 1 }),
      );
      expect((await store.addPackets(many)).size).toBe(7001);
      expect(await store.sequenceRanges("z6MkA")).toEqual([{ first: 1, last: 7001 }]);
    });

    test("finds reports by index, epoch, sequence and beaconer, in order of id", async () => {
      await store.addPackets([
        storedPacket({ id: "b1", sequence: 2, entropyIndex: 5, epoch: 1 }),
        storedPacket({ id: "a1", sequence: 1, entropyIndex: 5, epoch: 1, type: "beacon" }),
        storedPacket({ id: "c1", sequence: 3, entropyIndex: 6, epoch: 2, type: "beacon" }),
      ]);
      expect(ids(await store.reportsOfIndex(5))).toEqual(["a1", "b1"]);
      expect(ids(await store.packetsOfEpoch(2))).toEqual(["c1"]);
      expect(ids(await store.packetsOfEpoch(1, ["z6MkA", "z6MkB"]))).toEqual(["a1", "b1"]);
      expect(await store.packetsOfEpoch(1, ["z6MkB"])).toEqual([]);
      expect(ids(await store.packetsBySequence("z6MkA", [3, 2]))).toEqual(["b1", "c1"]);
      expect(await store.packetsBySequence("z6MkA", [])).toEqual([]);
      const who = ["z6MkA", "z6MkB"];
      expect(await store.firstBeaconIndexes(who, 4, 6)).toEqual(new Map([["z6MkA", 5]]));
      expect(await store.firstBeaconIndexes(who, 6, 6)).toEqual(new Map([["z6MkA", 6]]));
      await store.addPackets([
        storedPacket({ id: "d1", sequence: 4, entropyIndex: 4, epoch: 1, type: "beacon", isLate: true }),
      ]);
      expect(await store.firstBeaconIndexes(who, 4, 6)).toEqual(new Map([["z6MkA", 5]]));
      expect(await store.firstFiledEpoch(1)).toBe(2);
      expect(await store.firstFiledEpoch(2)).toBeUndefined();
    });

    test("knows whose number was used before, by epoch, receive time and id", async () => {
      const report = (id: string, sequence: number, fields: Partial<StoredPacket> = {}) =>
        storedPacket({ id, sequence, entropyIndex: 5, epoch: 1, receivedAtMs: 100, ...fields });
      await store.addPackets([
        report("a1", 1, { receivedAtMs: 1 }),
        report("a2", 1, { entropyIndex: 3, epoch: 0, receivedAtMs: 77 }),
        report("b1", 2),
        report("b2", 2, { receivedAtMs: 99 }),
        report("c1", 3),
        report("c2", 3),
        report("d1", 4),
        report("d2", 4, { epoch: 2, receivedAtMs: 1 }),
        report("e1", 5),
        report("e2", 5, { type: "status", epoch: null, entropyIndex: null, receivedAtMs: 1 }),
        report("f1", 6),
        report("f2", 6, { hotspotId: "z6MkB", receivedAtMs: 1 }),
      ]);
      expect(await store.reusedNumbers(5, 1)).toEqual(new Set(["a1", "b1", "c2"]));
      expect(await store.reusedNumbers(3, 0)).toEqual(new Set());
    });

    test("keeps two packets with one number of a hotspot, in one batch and in several", async () => {
      const rival = (name: string, sequence = 7) => storedPacket({ id: testId(name), sequence });
      const idsOf = (...names: string[]) => new Set(names.map(testId));
      const batch = Array.from({ length: 3000 }, (_, i) => rival(`r${i}`));
      expect(await store.addPackets([...batch, rival("other", 8)])).toEqual(idsOf("r0", "r1", "other"));
      expect(await store.addPackets([rival("late"), rival("r1"), rival("fresh", 9)])).toEqual(idsOf("fresh"));
      expect(ids(await store.packetsBySequence("z6MkA", [7]))).toEqual([...idsOf("r0", "r1")]);
      const elsewhere = storedPacket({ id: testId("elsewhere"), sequence: 7, hotspotId: "z6MkB" });
      expect(await store.addPackets([elsewhere])).toEqual(idsOf("elsewhere"));
    });

    test("keeps runs of sequence numbers up to date, with gaps and out of order", async () => {
      const add = (...sequences: number[]) =>
        store.addPackets(
          sequences.map((sequence) => storedPacket({ id: testId(`${sequence}`), sequence, epoch: sequence })),
        );
      await add(1, 2, 5);
      expect(await store.sequenceRanges("z6MkA")).toEqual([
        { first: 1, last: 2 },
        { first: 5, last: 5 },
      ]);
      await add(4, 9, 3);
      expect(await store.sequenceRanges("z6MkA")).toEqual([
        { first: 1, last: 5 },
        { first: 9, last: 9 },
      ]);
      expect(await store.sequenceRanges("z6MkA", 4)).toEqual([{ first: 1, last: 3 }]);
      expect(await store.sequenceRanges("z6MkB")).toEqual([]);
    });

    test("gives the runs of the newest numbers, the same whether all are known or not", async () => {
      const rival = storedPacket({ id: testId("rival"), sequence: 9 });
      const numbers = [1, 2, 3, 7, 8, 9, 20].map((sequence) =>
        storedPacket({ id: testId(`${sequence}`), sequence }),
      );
      await store.addPackets([...numbers, rival]);
      const cases: [number, [number, number][]][] = [
        [1, [[20, 20]]],
        [
          3,
          [
            [8, 9],
            [20, 20],
          ],
        ],
        [
          4,
          [
            [7, 9],
            [20, 20],
          ],
        ],
        [
          6,
          [
            [2, 3],
            [7, 9],
            [20, 20],
          ],
        ],
        [
          99,
          [
            [1, 3],
            [7, 9],
            [20, 20],
          ],
        ],
      ];
      for (const isKnown of [false, true]) {
        if (isKnown) await store.sequenceRanges("z6MkA");
        for (const [count, runs] of cases) {
          expect(await store.newestRanges("z6MkA", count)).toEqual(
            runs.map(([first, last]) => ({ first, last })),
          );
        }
      }
      expect(await store.newestRanges("z6MkB", 5)).toEqual([]);
    });

    contactsContract(() => store);
    registryContract(() => store);
    rulesContract(() => store);
    readingsContract(() => store);
    statusesContract(() => store);
    takenBackContract(() => store);
    logContract(() => store);
    announcedContract(() => store);

    test("keeps entropy with its message", async () => {
      for (const index of [7, 9, 8]) await store.addEntropy(entropyRecord(index), Uint8Array.of(index));
      await store.addEntropy({ ...entropyRecord(8), atMs: 1 }, Uint8Array.of(0));
      expect(await store.latestEntropy()).toEqual({ entropy: entropyRecord(9), message: Uint8Array.of(9) });
      expect((await store.firstEntropy(8))?.entropy).toEqual(entropyRecord(8));
      expect(await store.firstEntropy(10)).toBeUndefined();
      const range = await store.entropyRange(8, 20);
      expect(range.map(({ entropy }) => entropy.index)).toEqual([8, 9]);
    });

    test("keeps judgements and how far judging has come", async () => {
      expect(await store.judgedThrough()).toBeUndefined();
      const verdict = storedVerdict({ packetId: "aa" });
      const beacon = {
        beaconKey: "00000005ab",
        beaconer: "z6MkA",
        witnesses: ["z6MkB"],
        epoch: 0,
        entropyIndex: 5,
      };
      await store.addJudgement(5, [verdict], [beacon], []);
      await store.addJudgement(6, [], [], []);
      expect(await store.judgedThrough()).toBe(6);
      expect(await store.verdict("aa")).toEqual(verdict);
      expect(await store.verdictsOfEpoch(20_454)).toEqual([verdict]);
      expect(await store.verdictsOfEpoch(20_454, ["z6MkA"])).toEqual([verdict]);
      expect(await store.verdictsOfEpoch(20_454, ["z6MkB"])).toEqual([]);
      await store.addPackets([storedPacket({ id: "aa" }), storedPacket({ id: "bb", hotspotId: "z6MkB" })]);
      expect([...(await store.rowsOfEpoch(20_454))]).toEqual([
        ["z6MkA", 2],
        ["z6MkB", 1],
      ]);
      expect(await store.verdictsOfBeacon("01c16c80")).toEqual([verdict]);
      expect(await store.provenOfEpoch(0)).toEqual([beacon]);
    });

    test("finds reports of judged indexes that have no verdict", async () => {
      await store.addPackets(
        [5, 6, 7].map((entropyIndex) =>
          storedPacket({ id: `0${entropyIndex}`, sequence: entropyIndex, entropyIndex }),
        ),
      );
      await store.addLateVerdicts([
        storedVerdict({ packetId: "05", entropyIndex: 5, reason: "report_late" }),
      ]);
      expect(await store.judgedAmong(["05", "06"])).toEqual(new Set(["05"]));
      expect(await store.judgedAmong([])).toEqual(new Set());
      expect(ids(await store.unjudgedReports(20_454, 6, 9))).toEqual(["06"]);
      expect(ids(await store.unjudgedReports(20_454, 7, 1))).toHaveLength(1);
      expect(await store.unjudgedReports(1, 6, 9)).toEqual([]);
    });

    test("finds the next index with an entropy or a report", async () => {
      await store.addPackets([storedPacket({ id: "aa", entropyIndex: 8 })]);
      await store.addEntropy(entropyRecord(10), Uint8Array.of(1));
      expect(await store.nextIndex(1)).toBe(8);
      expect(await store.nextIndex(8)).toBe(10);
      expect(await store.nextIndex(10)).toBeUndefined();
    });

    test("pages through verdicts and beacons, newest first, each exactly once", async () => {
      const verdicts = [5, 5, 6, 7].map((entropyIndex, i) =>
        storedVerdict({ packetId: `0${i}`, entropyIndex }),
      );
      const beacons = [1, 2, 3].map((n) => ({
        beaconKey: `0000000${n}`,
        beaconer: "z6MkA",
        witnesses: [],
        epoch: 1,
        entropyIndex: n,
      }));
      await store.addJudgement(7, verdicts, beacons, []);
      const seen: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await store.verdictsOfHotspot(
          "z6MkA",
          after === undefined ? { limit: 1 } : { limit: 1, after },
        );
        const last = page.at(-1);
        if (last === undefined) break;
        seen.push(last.packetId);
        after = verdictPageKey(last);
      }
      expect(seen).toEqual(["03", "02", "01", "00"]);
      const keys = (await store.recentBeacons({ limit: 2 })).map(({ beaconKey }) => beaconKey);
      expect(keys).toEqual(["00000003", "00000002"]);
      expect(await store.recentBeacons({ limit: 2, after: "00000002" })).toHaveLength(1);
    });

    test("keeps epochs and payments to the last unit", async () => {
      const payment = {
        epoch: 4,
        hotspotId: "z6MkB",
        payee: new Uint8Array(20),
        cumulative: 2n ** 90n,
        delta: 1n,
      };
      await store.addEpoch(storedEpoch(4), [payment, { ...payment, hotspotId: "z6MkA" }], [], 0);
      await store.addEpoch(storedEpoch(5), [], [], 0);
      expect(await store.epoch(4)).toEqual(storedEpoch(4));
      expect(await store.latestEpoch()).toEqual(storedEpoch(5));
      expect((await store.epochs({ limit: 5, after: "5" })).map(({ epoch }) => epoch)).toEqual([4]);
      expect((await store.payments(4)).map(({ hotspotId }) => hotspotId)).toEqual(["z6MkA", "z6MkB"]);
      expect((await store.payments(4))[1]).toEqual(payment);
      expect(await store.payment(4, "z6MkB")).toEqual(payment);
      expect(await store.payment(5, "z6MkB")).toBeUndefined();
      expect(await store.payment(4, "z6MkC")).toBeUndefined();
    });

    test("refuses to close an epoch twice and leaves nothing of the attempt", async () => {
      const payment = { epoch: 4, hotspotId: "z6MkB", payee: new Uint8Array(20), cumulative: 1n, delta: 1n };
      await store.addEpoch(storedEpoch(4), [], [], 0);
      const again = store.addEpoch({ ...storedEpoch(4), paid: 0n }, [payment], [], 0);
      expect(
        await again.then(
          () => "added",
          () => "refused",
        ),
      ).toBe("refused");
      expect(await store.epoch(4)).toEqual(storedEpoch(4));
      expect(await store.payments(4)).toEqual([]);
    });

    test("keeps the newest status and marks a broken session offline until the next", async () => {
      const assertion = {
        latE7: 1,
        lonE7: 2,
        elevationM: 3,
        antennaGainDdbi: 4,
        region: "EU868",
        payee: new Uint8Array(20).fill(5),
      };
      const newest = statusPacket({ atMs: 2000, assertion });
      await store.putStatus("z6MkA", newest, 2001);
      await store.putStatus("z6MkA", statusPacket({ atMs: 1000 }), 2002);
      await store.putStatuses([
        { hotspotId: "z6MkC", status: statusPacket({ atMs: 9 }), receivedAtMs: 9 },
        { hotspotId: "z6MkC", status: statusPacket({ atMs: 8 }), receivedAtMs: 10 },
      ]);
      const statusOf = async (id: string) => (await store.statuses([id])).get(id);
      expect((await statusOf("z6MkC"))?.status.atMs).toBe(9);
      expect(await statusOf("z6MkA")).toEqual({ status: newest, receivedAtMs: 2001 });
      await store.markOffline("z6MkA", 3000);
      await store.markOffline("z6MkB", 3000);
      expect(await statusOf("z6MkB")).toBeUndefined();
      expect((await statusOf("z6MkA"))?.status.state).toBe("offline");
      await store.putStatus("z6MkA", statusPacket({ atMs: 4000 }), 4001);
      expect((await statusOf("z6MkA"))?.status.state).toBe("online");
      const many = Array.from({ length: 2500 }, (_, i) => `z6Mk${i}`);
      expect([...(await store.statuses([...many, "z6MkC", "z6MkA", "z6MkC"])).keys()].sort()).toEqual([
        "z6MkA",
        "z6MkC",
      ]);
      expect(await store.statuses([])).toEqual(new Map());
    });

    test("takes writes that come at the same time", async () => {
      const packets = Array.from({ length: 20 }, (_, i) => storedPacket({ id: testId(`${i}`), sequence: i }));
      const adding = packets.map((packet) => store.addPackets([packet]));
      await Promise.all([
        ...adding,
        store.addJudgement(19, [storedVerdict({ packetId: testId("0") })], [], []),
      ]);
      expect(await store.judgedThrough()).toBe(19);
      expect(await store.packetsOfEpoch(20_454)).toHaveLength(20);
    });
  });
}
