import { describe, expect, test } from "bun:test";
import {
  DEFAULT_PARAMETERS,
  type Denial,
  type EdgeEvidence,
  encodeBeaconFrame,
  encodePacket,
  type Hotspot,
  NO_DETAILS,
  shortId,
  signerFromSeed,
} from "@earshot/protocol";
import type { StoredPacket } from "./records.ts";
import type { Store } from "./store.ts";
import { hotspot, statusPacket, storedEpoch, storedPacket, testId } from "./test-data.ts";

/** The part of the store's contract that is about who is registered. */
export function registryContract(open: () => Store): void {
  describe("registry", () => {
    const change = (fromEpoch: number, evidence = 1) => ({
      atMs: fromEpoch * 1000,
      fromEpoch,
      evidence: Uint8Array.of(evidence),
    });
    const first = hotspot({ id: "z6MkB", payee: new Uint8Array(20).fill(9), change: change(3) });
    const moved = {
      ...first,
      latE7: 1,
      cell: "8c1",
      settledCell: "8c1",
      relocatedAtMs: 77,
      change: change(5, 2),
    };

    test("keeps what was known of a hotspot in earlier epochs; of several changes in one the last", async () => {
      const store = open();
      await store.putHotspot(first);
      await store.putHotspot({ ...first, latE7: 2, change: change(5) });
      await store.putHotspot(moved);
      await store.putHotspot(hotspot({ id: "z6Mka" }));
      expect(await store.hotspot("z6MkB")).toEqual(moved);
      expect((await store.hotspots(2)).map(({ id }) => id)).toEqual(["z6Mka"]);
      // By code unit, as JavaScript sorts: capitals first.
      expect(await store.hotspots(4)).toEqual([first, hotspot({ id: "z6Mka" })]);
      expect((await store.hotspots()).map(({ latE7 }) => latE7)).toEqual([1, 520_000_000]);
      expect(await store.hotspotIds()).toEqual(["z6MkB", "z6Mka"]);
      expect(await store.hotspotHistory("z6MkB")).toEqual([first, moved]);
      expect(await store.hotspotHistory("z6MkC")).toEqual([]);
    });

    test("keeps the hotspot that is retired and the one that takes its place, both or none", async () => {
      const store = open();
      await store.putHotspot(first);
      const retired = { ...first, change: change(5), retired: { fromEpoch: 5, successor: "z6MkN" } };
      const next = { ...hotspot({ id: "z6MkN" }), change: change(5), predecessor: first.id };
      await expect(store.putHotspots([retired, { ...next, cell: null as never }])).rejects.toThrow();
      expect(await store.hotspot(first.id)).toEqual(first);
      await store.putHotspots([retired, next]);
      expect(await store.hotspotsById([first.id, "z6MkN"], 5)).toEqual(
        new Map<string, Hotspot>([
          [first.id, retired],
          ["z6MkN", next],
        ]),
      );
      expect((await store.hotspotsById([first.id, "z6MkN"], 4)).get(first.id)).toEqual(first);
      const revoked = { ...first, change: change(6), retired: { fromEpoch: 6, successor: null } };
      await store.putHotspots([revoked]);
      expect(await store.hotspot(first.id)).toEqual(revoked);
    });

    test("gives every change up to an epoch, with its evidence", async () => {
      const store = open();
      for (const each of [moved, hotspot({ id: "z6Mka" }, 4), first]) await store.putHotspot(each);
      const ids = ["z6MkB", "z6Mka", "z6MkC"];
      expect([...(await store.registryChanges(ids, 5))]).toEqual([
        ["z6MkB", [change(3), change(5, 2)]],
        ["z6Mka", [hotspot({ id: "z6Mka" }, 4).change]],
      ]);
      expect([...(await store.registryChanges(ids, 3))]).toEqual([["z6MkB", [change(3)]]]);
      expect([...(await store.registryChanges(["z6Mka"], 3))]).toEqual([]);
    });

    test("knows which bundle showed a hotspot first, and who of those has changed since", async () => {
      const store = open();
      await store.putHotspot(first);
      await store.putHotspot(hotspot({ id: "z6Mka" }, 5));
      await store.addEpoch(storedEpoch(4), [], [], 0, ["z6MkB"]);
      await store.putHotspot(moved);
      await store.addEpoch(storedEpoch(5), [], [], 0, ["z6MkB"]);
      expect(await store.shownSince(["z6MkB", "z6Mka", "z6MkC"])).toEqual(new Map([["z6MkB", 4]]));
      expect(await store.shownAndChanged(4, 5, 0)).toEqual(["z6MkB"]);
      expect(await store.shownAndChanged(5, 9, 0)).toEqual([]);
    });

    test("forgets who is in no bundle, silent for long or one of too many, the oldest first", async () => {
      const store = open();
      const at = (id: string, atMs: number) => hotspot({ id, change: { ...change(1), atMs } });
      for (const [i, id] of ["z1", "z2", "z3", "z4", "z5"].entries()) await store.putHotspot(at(id, 100 + i));
      await store.putHotspot(at("z0", 1), true);
      await store.addEpoch(storedEpoch(4), [], [], 0, ["z1"]);
      await store.addPackets([storedPacket({ id: testId("report"), hotspotId: "z2", epoch: 5 })]);
      await store.putStatus("z3", statusPacket(), 500);
      await store.putStatus("z4", statusPacket(), 103);
      const which = { beforeMs: 200, keep: 9, limit: 9, epochs: [5, 6] };
      expect(await store.forgetUnshown({ ...which, limit: 1 })).toEqual([]);
      expect(await store.forgetUnshown(which)).toEqual(["z4", "z5"]);
      expect(await store.hotspotIds()).toEqual(["z0", "z1", "z2", "z3"]);
      expect([...(await store.statuses(["z2", "z3", "z4", "z5"])).keys()]).toEqual(["z3"]);
      // One of two may stay, but who has a report in an open epoch is kept.
      expect(await store.forgetUnshown({ ...which, beforeMs: 0, keep: 1 })).toEqual([]);
      expect(await store.forgetUnshown({ ...which, beforeMs: 0, keep: 0 })).toEqual(["z3"]);
      expect(await store.hotspotsById(["z2", "z3"], 9)).toHaveProperty("size", 1);
    });

    test("finds hotspots by id as they are in an epoch, thousands at once", async () => {
      const store = open();
      await store.putHotspot(first);
      await store.putHotspot(moved);
      const many = Array.from({ length: 2500 }, (_, i) => `z6Mk${i}`);
      expect(await store.hotspotsById([...many, "z6MkB"], 4)).toEqual(new Map([["z6MkB", first]]));
      expect(await store.hotspotsById(["z6MkB", "z6MkB"], 9)).toEqual(new Map([["z6MkB", moved]]));
      expect(await store.hotspotsById(["z6MkB"], 2)).toEqual(new Map());
      expect(await store.hotspotsById([], 2)).toEqual(new Map());
      expect(await store.hotspotsById(["z6MkB"])).toEqual(new Map([["z6MkB", moved]]));
    });

    test("gives the newest of each in pages, by code unit", async () => {
      const store = open();
      const others = ["z6MkC", "z6Mka", "z6MkA"].map((id) => hotspot({ id }));
      for (const each of [first, moved, ...others]) await store.putHotspot(each);
      const page = async (limit: number, after?: string) =>
        (await store.hotspotPage({ limit, ...(after !== undefined && { after }) })).map(({ id }) => id);
      expect(await page(3)).toEqual(["z6MkA", "z6MkB", "z6MkC"]);
      expect(await page(3, "z6MkC")).toEqual(["z6Mka"]);
      expect(await page(3, "z6Mka")).toEqual([]);
      expect(await store.hotspotPage({ limit: 1, after: "z6MkA" })).toEqual([moved]);
    });

    test("finds the sender of a beacon by its short id, as it is now", async () => {
      const store = open();
      const other = hotspot({ id: "z6MkC", publicKey: new Uint8Array(32).fill(8) });
      for (const each of [moved, first, other]) await store.putHotspot(each);
      const [key, otherKey] = [first, other].map(({ publicKey }) => shortId(publicKey).toHex());
      const found = await store.hotspotsByShortId([key ?? "", otherKey ?? "", "00".repeat(8)]);
      expect(found).toEqual(
        new Map([
          [key ?? "", moved],
          [otherKey ?? "", other],
        ]),
      );
      expect(await store.hotspotsByShortId([])).toEqual(new Map());
    });
  });
}

/** The part that is about what verdicts depend on beside packets and registry. */
export function rulesContract(open: () => Store): void {
  test("keeps denials in the order in which they came", async () => {
    const node: Denial = {
      hotspot: new Uint8Array(32).fill(1),
      peer: null,
      reason: "moved without saying so",
      evidence: "case 7",
      atMs: 5,
      fromEpoch: 3,
      untilEpoch: 9,
    };
    const edge = { ...node, peer: new Uint8Array(32).fill(2), atMs: 4 };
    const store = open();
    await store.addDenial(node, Uint8Array.of(1));
    await store.addDenial(edge, Uint8Array.of(2));
    await store.addDenial({ ...node, untilEpoch: 3 }, Uint8Array.of(3));
    expect(await store.denials()).toEqual([
      { denial: node, message: Uint8Array.of(1) },
      { denial: edge, message: Uint8Array.of(2) },
      { denial: { ...node, untilEpoch: 3 }, message: Uint8Array.of(3) },
    ]);
  });

  test("keeps each version of the parameters once", async () => {
    const store = open();
    const first = { ...DEFAULT_PARAMETERS, network: "testnet-1", poolPerEpoch: 2n ** 200n };
    const second = { ...first, version: 2, activationEpoch: 8 };
    expect(await store.parametersVersions()).toEqual([]);
    await store.addParameters(second, Uint8Array.of(2));
    await store.addParameters(first, Uint8Array.of(1));
    const again = store.addParameters({ ...first, maxDistanceM: 5000 }, Uint8Array.of(3));
    expect(await again.then(() => "added").catch(() => "refused")).toBe("refused");
    expect(await store.parametersVersions()).toEqual([
      { parameters: first, message: Uint8Array.of(1) },
      { parameters: second, message: Uint8Array.of(2) },
    ]);
  });

  test("keeps who heard whom for as long as the window says", async () => {
    const edge = (beaconer: string, witness: string, heard = 1): EdgeEvidence => ({
      beaconer,
      witness,
      heard,
      rssiSumDbm: -110 * heard,
      rssiSumSquares: 12_100 * heard,
      rssiMinDbm: -112,
      rssiMaxDbm: -108,
    });
    const store = open();
    await store.addEpoch(storedEpoch(4), [], [edge("A", "B"), edge("B", "A", 3), edge("B", "C")], 0);
    await store.addEpoch(storedEpoch(5), [], [edge("A", "B", 2)], 4);
    expect(await store.edgesOf("A")).toEqual([
      { epoch: 4, ...edge("A", "B") },
      { epoch: 4, ...edge("B", "A", 3) },
      { epoch: 5, ...edge("A", "B", 2) },
    ]);
    expect(await store.edgesOf("C")).toEqual([{ epoch: 4, ...edge("B", "C") }]);
    await store.addEpoch(storedEpoch(6), [], [], 5);
    expect(await store.edgesOf("B")).toEqual([{ epoch: 5, ...edge("A", "B", 2) }]);
  });

  test("finds the timely report before each, in its epoch, by number and then by id", async () => {
    const store = open();
    const index = 100;
    const report = (id: string, sequence: number, fields: Partial<StoredPacket> = {}): StoredPacket => {
      const tmstUs = sequence * 10 + Number(id.endsWith("!"));
      const filed = { entropyIndex: index, epoch: 25, ...fields };
      return storedPacket({
        id: testId(id),
        sequence,
        bytes: witnessBytes(START_MS + sequence, tmstUs),
        ...filed,
      });
    };
    await store.addPackets([
      report("first", 10),
      report("second", 20),
      report("third", 30),
      report("other", 25, { hotspotId: "z6MkB" }),
      report("earlier index", 15, { entropyIndex: index - 1, receivedAtMs: 1 }),
      report("same number!", 15, { entropyIndex: index - 2, receivedAtMs: 1 }),
      report("later index", 16, { entropyIndex: index + 1, receivedAtMs: 1 }),
      report("late", 17, { entropyIndex: index - 1, isLate: true }),
      report("other epoch", 18, { epoch: 24, receivedAtMs: 1 }),
      storedPacket({ id: testId("status"), type: "status", sequence: 19, epoch: null, entropyIndex: null }),
    ]);
    expect(await store.earlierReports(index, 25)).toEqual(
      new Map([
        [testId("second"), { entropyIndex: 1, atMs: START_MS + 15, tmstUs: 150 }],
        [testId("third"), { entropyIndex: 1, atMs: START_MS + 20, tmstUs: 200 }],
      ]),
    );
    expect(await store.earlierReports(index, 24)).toEqual(new Map());
  });
}

const START_MS = 1_767_225_600_000;
const signer = signerFromSeed(new Uint8Array(32).fill(3));

/** A witness report at `atMs` whose counter shows `tmstUs`. */
const witnessBytes = (atMs: number, tmstUs: number): Uint8Array =>
  encodePacket(
    {
      type: "witness",
      sequence: 1,
      atMs,
      frame: encodeBeaconFrame({ entropyIndex: 1, shortId: new Uint8Array(8), tag: new Uint8Array(16) }),
      freqHz: 868_100_000,
      spreadingFactor: 9,
      bandwidthHz: 125_000,
      rssiDbm: -110,
      snrDdb: -20,
      tmstUs,
      gnss: null,
      ...NO_DETAILS,
    },
    signer,
    "testnet-1",
  );
