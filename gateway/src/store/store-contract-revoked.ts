import { beforeEach, describe, expect, test } from "bun:test";
import type { Denial } from "@earshot/protocol";
import type { Store } from "./store.ts";
import {
  entropyRecord,
  hotspot,
  statusPacket,
  storedEpoch,
  storedPacket,
  storedVerdict,
} from "./test-data.ts";

/** Minutes and days, as in the test data: period 60 s, epoch 1440 periods, deadline 10 min. */
const FIXED = {
  entropyPeriodMs: 60_000,
  epochPeriods: 1440,
  reportDeadlineMs: 600_000,
  revealDeadlineMs: 1_200_000,
};
const TODAY = 20_454;
const FIRST = TODAY * 1440;
/** Noon of that day. */
const NOW_INDEX = FIRST + 720;
const NOW_MS = NOW_INDEX * 60_000 + 500;
const DAY_MS = 86_400_000;

const denial = (atMs: number, hotspotByte: number): Denial => ({
  hotspot: new Uint8Array(32).fill(hotspotByte),
  peer: null,
  reason: "test",
  evidence: "case 1",
  atMs,
  fromEpoch: TODAY + 1,
  untilEpoch: TODAY + 2,
});

const EDGE = {
  ...{ beaconer: "a", witness: "b", heard: 1 },
  ...{ rssiSumDbm: -90, rssiSumSquares: 8100, rssiMinDbm: -90, rssiMaxDbm: -90 },
};

/** How every store revokes what a clock that was ahead had made: part of `storeContract`. */
export function takenBackContract(store: () => Store): void {
  const before = new Map([["a", { beaconed: FIRST - 100, witnessed: null }]]);
  const revoke = () => store().revokeAfter(NOW_MS, FIXED, () => before);
  const contact = (hotspotId: string, index: number, epoch: number) =>
    store().addJudgement(index, [], [], [{ hotspotId, kind: "beaconed", index, epoch }]);

  test("takes nothing back when nothing is from the future", async () => {
    await store().addEntropy(entropyRecord(NOW_INDEX), Uint8Array.of(1));
    await store().addJudgement(NOW_INDEX - 20, [], [], []);
    expect(await revoke()).toBeUndefined();
    expect(await store().judgedThrough()).toBe(NOW_INDEX - 20);
  });

  describe("after a day was lived that has not come", () => {
    beforeEach(async () => {
      await store().addEntropy(entropyRecord(NOW_INDEX - 5), Uint8Array.of(1));
      await store().addEntropy(entropyRecord(NOW_INDEX + 1440), Uint8Array.of(2));
      await contact("a", FIRST - 100, TODAY - 1);
      await store().addEpoch(storedEpoch(TODAY - 1), [], [EDGE], 0);
      const filed = [
        storedPacket({ id: "aa", entropyIndex: NOW_INDEX - 5, receivedAtMs: NOW_MS - 9 }),
        storedPacket({
          id: "bb",
          sequence: 2,
          entropyIndex: NOW_INDEX - 5,
          epoch: TODAY + 1,
          receivedAtMs: NOW_MS + DAY_MS,
        }),
        storedPacket({
          id: "cc",
          sequence: 3,
          entropyIndex: NOW_INDEX + 1440,
          epoch: TODAY + 1,
          receivedAtMs: NOW_MS + DAY_MS,
        }),
      ];
      await store().addPackets(filed);
      const verdicts = [
        storedVerdict({ packetId: "aa" }),
        storedVerdict({ packetId: "0d", epoch: TODAY - 1 }),
      ];
      await store().addJudgement(NOW_INDEX + 1430, verdicts, [], []);
      await contact("a", NOW_INDEX - 5, TODAY);
      const payment = { epoch: TODAY, hotspotId: "a", payee: new Uint8Array(20), cumulative: 5n, delta: 5n };
      await store().addEpoch(storedEpoch(TODAY), [payment], [EDGE], 0);
      await store().putHotspot(hotspot({ id: "a" }));
      const change = { atMs: NOW_MS + DAY_MS, fromEpoch: TODAY + 2, evidence: Uint8Array.of(8) };
      await store().putHotspot(hotspot({ id: "a", change }));
      await store().addDenial(denial(NOW_MS - 1, 1), Uint8Array.of(5));
      await store().addDenial(denial(NOW_MS + DAY_MS, 2), Uint8Array.of(6));
      await store().putStatus("a", statusPacket({ atMs: NOW_MS + DAY_MS }), NOW_MS + DAY_MS);
    });

    test("opens the epoch again that is not over, and judging goes on from its beginning", async () => {
      expect(await revoke()).toMatchObject({
        entropy: 1,
        epochs: [{ epoch: TODAY, bundle: `epoch-${TODAY}` }],
        packets: 2,
        openEpoch: TODAY,
        judgedThrough: FIRST - 1,
      });
      expect((await store().latestEntropy())?.entropy.index).toBe(NOW_INDEX - 5);
      expect((await store().latestEpoch())?.epoch).toBe(TODAY - 1);
      expect(await store().payments(TODAY)).toEqual([]);
      expect(await store().judgedThrough()).toBe(FIRST - 1);
      expect(await store().verdict("aa")).toBeUndefined();
      expect(await store().verdict("0d")).toBeDefined();
      expect(await store().contactsBefore(["a"], NOW_INDEX)).toEqual(before);
      expect(await revoke()).toBeUndefined();
    });

    test("forgets who heard whom in an epoch that is opened again, and in no other", async () => {
      await revoke();
      expect((await store().edgesOf("a")).map(({ epoch }) => epoch)).toEqual([TODAY - 1]);
    });

    test("of several epochs the first bundle that lists a hotspot knows what was before them all", async () => {
      await store().addEpoch(storedEpoch(TODAY + 1), [], [], 0);
      const contact = (index: number) => ({ beaconed: index, witnessed: null });
      const listed: Record<string, Map<string, ReturnType<typeof contact>>> = {
        [`epoch-${TODAY}`]: new Map([["a", contact(FIRST - 100)]]),
        [`epoch-${TODAY + 1}`]: new Map([
          ["a", contact(FIRST + 7)],
          ["b", contact(FIRST - 3)],
        ]),
      };
      const taken = await store().revokeAfter(NOW_MS, FIXED, (bundle) => listed[bundle] ?? new Map());
      expect(taken?.epochs.map(({ epoch }) => epoch)).toEqual([TODAY, TODAY + 1]);
      expect(await store().contactsBefore(["a", "b"], NOW_INDEX)).toEqual(
        new Map([
          ["a", contact(FIRST - 100)],
          ["b", contact(FIRST - 3)],
        ]),
      );
    });

    test("files packets where they belong, received by now; a report of what never was in no epoch", async () => {
      await revoke();
      expect(await store().packetsBySequence("z6MkA", [1, 2, 3])).toMatchObject([
        { id: "aa", epoch: TODAY, receivedAtMs: NOW_MS - 9 },
        { id: "bb", epoch: TODAY, receivedAtMs: NOW_MS },
        { id: "cc", epoch: null, entropyIndex: null, receivedAtMs: NOW_MS },
      ]);
      const later = statusPacket({ atMs: NOW_MS + 60_000, uptimeS: 99 });
      await store().putStatus("a", later, NOW_MS + 60_000);
      expect((await store().statuses(["a"])).get("a")?.status.uptimeS).toBe(99);
    });

    test("says anew what is late: a beacon's report may come until the second deadline, a witness's until the first", async () => {
      const filed = {
        entropyIndex: NOW_INDEX - 15,
        epoch: TODAY,
        receivedAtMs: NOW_MS + DAY_MS,
        isLate: true,
      };
      await store().addPackets([
        storedPacket({ id: "b0", sequence: 8, type: "beacon", ...filed }),
        storedPacket({ id: "b1", sequence: 9, ...filed }),
      ]);
      await revoke();
      expect(await store().packetsBySequence("z6MkA", [8, 9])).toMatchObject([
        { id: "b0", receivedAtMs: NOW_MS, isLate: false },
        { id: "b1", receivedAtMs: NOW_MS, isLate: true },
      ]);
    });

    test("hands back what was said of hotspots and denied, to be said again", async () => {
      const taken = await revoke();
      expect(taken?.hotspots.map(({ id, change }) => [id, change.evidence])).toEqual([
        ["a", Uint8Array.of(8)],
      ]);
      expect(taken?.denials.map(({ denial: { atMs } }) => atMs)).toEqual([NOW_MS + DAY_MS]);
      expect((await store().hotspot("a"))?.change.fromEpoch).toBe(0);
      expect((await store().denials()).map(({ message }) => message)).toEqual([Uint8Array.of(5)]);
    });
  });
}
