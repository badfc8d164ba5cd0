import { describe, expect, test } from "bun:test";
import { DEFAULT_PARAMETERS, type Denial, registryChangeHash } from "@earshot/protocol";
import type { Store } from "./store.ts";
import { entropyRecord, hotspot } from "./test-data.ts";

const bytes = (n: number, length = 32) => new Uint8Array(length).fill(n);
const change = (fromEpoch: number, atMs = fromEpoch * 1000, n = 1) => ({
  ...{ fromEpoch, atMs, evidence: Uint8Array.of(n) },
});
const keyed = (n: number, made: ReturnType<typeof change>) =>
  hotspot({ id: `z${n}`, publicKey: bytes(n), change: made });

const denial = (atMs: number, fromEpoch: number, n: number): Denial => ({
  ...{ hotspot: bytes(n), peer: null, reason: "test", evidence: "1", atMs, fromEpoch },
  untilEpoch: fromEpoch + 1,
});

/** The part of the store's contract that is about what entropy announces. */
export function announcedContract(store: () => Store): void {
  describe("announced", () => {
    test("keeps entropy's source and state", async () => {
      const proven = { kind: 1, round: 4_000_000_000, signature: bytes(6, 48), counts: true };
      const state = {
        ...{ closedEpoch: 7, manifestHash: bytes(1), parametersHash: bytes(2) },
        ...{ denialsHash: bytes(3), registryHash: bytes(4) },
      };
      const all = [
        { ...entropyRecord(1), source: proven, state },
        {
          ...entropyRecord(2),
          source: { ...proven, signature: null, counts: false },
          state: { ...state, closedEpoch: null },
        },
        entropyRecord(3),
      ];
      for (const one of all) await store().addEntropy(one, Uint8Array.of(1));
      expect((await store().entropyRange(0, 9)).map(({ entropy }) => entropy)).toEqual(all);
    });

    test("records every change by hash, of several that wait for one epoch the last", async () => {
      await store().putHotspot(keyed(2, change(5)));
      await store().putHotspot(keyed(1, change(5)));
      await store().putHotspot(keyed(2, change(6)));
      await store().putHotspot(keyed(2, change(6, 6500, 9)));
      const record = (n: number, made: ReturnType<typeof change>) => ({
        ...{ fromEpoch: made.fromEpoch, publicKey: bytes(n), kind: 0 },
        hash: registryChangeHash(bytes(n), made),
      });
      const [one, two, later] = [record(1, change(5)), record(2, change(5)), record(2, change(6, 6500, 9))];
      expect(await store().changeRecords(-1, 9)).toEqual([one, two, later]);
      expect(await store().changeRecords(-1, 5)).toEqual([one, two]);
      expect(await store().changeRecords(5, 9)).toEqual([later]);
    });

    test("of hotspots that are forgotten the record stays, once its epoch has begun", async () => {
      await store().putHotspot(keyed(1, change(5)));
      await store().putHotspot(keyed(1, change(7)));
      const which = { beforeMs: 1_000_000, keep: 0, limit: 9, epochs: [5, 6, 7] };
      expect(await store().forgetUnshown(which)).toEqual(["z1"]);
      expect((await store().changeRecords(-1, 9)).map(({ fromEpoch }) => fromEpoch)).toEqual([5]);
    });

    test("revokes what was made too late to be announced, and archives nothing else", async () => {
      const parameters = { ...DEFAULT_PARAMETERS, network: "testnet-1" };
      await store().addParameters(parameters, bytes(1));
      await store().addParameters({ ...parameters, version: 2, activationEpoch: 5 }, bytes(2));
      await store().putHotspot(keyed(1, change(5, 4000)));
      await store().putHotspot(keyed(1, change(6, 4900)));
      await store().putHotspot(keyed(2, change(5, 4600)));
      await store().putHotspot(keyed(3, change(5, 4500)));
      await store().addDenial(denial(4400, 5, 1), Uint8Array.of(1));
      await store().addDenial(denial(4700, 5, 2), Uint8Array.of(2));
      await store().addDenial(denial(5200, 6, 3), Uint8Array.of(3));
      const revoked = await store().revokeUnannounced({
        sinceMs: 4500,
        untilEpoch: 5,
        versionsFrom: 2,
        nowMs: 6000,
      });
      expect(revoked.hotspots.map(({ id }) => id)).toEqual(["z2", "z3"]);
      expect(revoked.denials.map(({ message }) => message)).toEqual([Uint8Array.of(2)]);
      expect(await store().hotspotIds()).toEqual(["z1"]);
      const left = (await store().changeRecords(-1, 9)).map(({ fromEpoch, publicKey }) => [
        fromEpoch,
        publicKey[0],
      ]);
      expect(left).toEqual([
        [5, 1],
        [6, 1],
      ]);
      expect((await store().denials()).map(({ message }) => message[0])).toEqual([1, 3]);
      expect((await store().parametersVersions()).map((one) => one.parameters.version)).toEqual([1]);
      const nothing = { sinceMs: 9000, untilEpoch: 9, versionsFrom: undefined, nowMs: 9000 };
      expect(await store().revokeUnannounced(nothing)).toEqual({ hotspots: [], denials: [] });
      expect((await store().parametersVersions()).length).toBe(1);
    });
  });
}
