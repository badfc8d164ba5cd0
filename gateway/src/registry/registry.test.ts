import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  type Assertion,
  changedHotspot,
  encodePacket,
  type Hotspot,
  MAX_EVIDENCE_AGE_MS,
  readEvidence,
  silentLog,
} from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import { DEFAULT_LIMITS } from "../access/hotspot-limits.ts";
import { publishedParameters } from "../parameters/parameters-log.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import {
  assertionOf,
  FIRST_EPOCH,
  HOTSPOTS,
  idOf,
  networkSigner,
  PARAMETERS,
  signers,
  statusPacket,
} from "../testing/test-network.ts";
import { Progress } from "../time/progress.ts";
import { Registry, type RegistryDeps } from "./registry.ts";

/** In the middle of the epoch after the one that is being judged. */
const NOW_EPOCH = FIRST_EPOCH + 1;
const nowMs = NOW_EPOCH * 8000 + 4000;
const [known] = HOTSPOTS as [Hotspot];
const assertion = assertionOf("a");
/** 400 m north: a relocation. */
const moved = { ...assertion, latE7: assertion.latE7 + 36_000 };
/** 40 m north: another cell, but no relocation. */
const corrected = { ...assertion, latE7: assertion.latE7 + 3600 };
const publicKey = signers.a.publicKey;

let store: Store;
let clock: ManualClock;
let mutex: Mutex;

/** What hotspots were told: why their assertions change nothing. */
let refused: string[];
const inForce = () => publishedParameters({ parameters: PARAMETERS, message: new Uint8Array() });

const open = (policy: RegistryDeps["policy"] = "open") => {
  const progress = new Progress(PARAMETERS, FIRST_EPOCH * 4, FIRST_EPOCH);
  const common = { store, progress, clock, mutex, announcing: new Mutex(), log: silentLog };
  const keys = { signer: networkSigner, keys: networkSigner.publicKey };
  const onRefused: RegistryDeps["onRefused"] = (_id, _packetId, reason) => refused.push(reason);
  const rules = { policy, limits: DEFAULT_LIMITS, parameters: { inForce } };
  return Registry.load({ ...common, ...keys, ...rules, onRefused });
};

function asserted(sequence: number, what: Assertion = assertion, receivedAtMs = nowMs, signedAtMs = nowMs) {
  const evidence = encodePacket(statusPacket(sequence, signedAtMs, what), signers.a, PARAMETERS.network);
  return { id: idOf("a"), assertion: what, sequence, receivedAtMs, evidence };
}

/** Hotspot `a`, as an epoch is judged by it. */
const hotspotOf = async (registry: Registry, epoch: number) =>
  (await registry.hotspotsById([idOf("a")], epoch)).get(idOf("a"));
const latitude = async (registry: Registry, epoch: number) => (await hotspotOf(registry, epoch))?.latE7;
/** What an assertion becomes. */
const latitudeOf = (asserted: Assertion): number => {
  const change = { atMs: 0, fromEpoch: 0, evidence: new Uint8Array() };
  return changedHotspot(undefined, change, { publicKey, assertion: asserted })?.latE7 ?? 0;
};

/** Registrations that were set off are stored by then. */
const settled = () => mutex.run(async () => undefined);

const said = (registry: Registry, ...what: Parameters<typeof asserted>) => {
  registry.assert(asserted(...what));
  return settled();
};

beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
  clock = new ManualClock(nowMs);
  mutex = new Mutex();
  refused = [];
});
afterEach(() => store.close());

describe("open registration", () => {
  test("a new hotspot counts from the next epoch on, on its own word", async () => {
    const registry = await open();
    expect(await latitude(registry, FIRST_EPOCH)).toBeUndefined();
    const word = asserted(1);
    registry.assert(word);
    await settled();
    expect(await hotspotOf(registry, NOW_EPOCH)).toBeUndefined();
    const hotspot = await hotspotOf(registry, NOW_EPOCH + 1);
    const change = { atMs: nowMs, fromEpoch: NOW_EPOCH + 1, evidence: word.evidence };
    expect(hotspot).toEqual({ ...known, registeredAtMs: nowMs, change, commitments: [] });
    expect(await store.hotspots(NOW_EPOCH + 1)).toEqual([hotspot as Hotspot]);
  });

  test("what comes in an epoch's last period counts as made in the next: it may be too late to be announced", async () => {
    const registry = await open();
    const nextMs = (NOW_EPOCH + 1) * 8000;
    await clock.advance(nextMs - 2000 - nowMs);
    await said(registry, 1, assertion, clock.now(), clock.now());
    expect((await store.hotspot(idOf("a")))?.change).toMatchObject({
      atMs: nextMs,
      fromEpoch: NOW_EPOCH + 2,
    });
  });

  test("a change counts from the next epoch on; of several the last", async () => {
    const registry = await open();
    await said(registry, 1);
    await clock.advance(8000);
    const laterMs = clock.now();
    await said(registry, 2, { ...assertion, latE7: 5_000_000 }, laterMs + 1, laterMs);
    await said(registry, 3, moved, laterMs + 2, laterMs);
    expect(await latitude(registry, NOW_EPOCH + 1)).toBe(known.latE7);
    expect(await latitude(registry, NOW_EPOCH + 2)).toBe(latitudeOf(moved));
    const history = await store.hotspotHistory(idOf("a"));
    expect(history.map(({ change }) => change.fromEpoch)).toEqual([NOW_EPOCH + 1, NOW_EPOCH + 2]);
    // The change in between was replaced: nothing follows from it.
    const relocated = { registeredAtMs: nowMs, relocatedAtMs: laterMs + 2 };
    expect(await store.hotspot(idOf("a"))).toMatchObject(relocated);
    expect(replayed(history)).toEqual(history);
  });

  test("small corrections are no relocation, until they add up to one", async () => {
    const registry = await open();
    for (let step = 0; step <= 7; step++) {
      const north = assertion.latE7 + step * 3600;
      await said(registry, step + 1, { ...assertion, latE7: north }, clock.now());
      await clock.advance(8000);
    }
    const history = await store.hotspotHistory(idOf("a"));
    expect(history).toHaveLength(8);
    const relocated = history.map(({ relocatedAtMs }) => relocatedAtMs);
    expect(relocated.slice(0, 5)).toEqual([null, null, null, null, null]);
    expect(relocated.at(-1)).not.toBeNull();
    expect(replayed(history)).toEqual(history);
  });

  test("a position in the same cell is the same position", async () => {
    const registry = await open();
    await said(registry, 1, { ...assertion, latE7: known.latE7, lonE7: known.lonE7 });
    await said(registry, 2, { ...assertion, latE7: known.latE7 + 3, lonE7: known.lonE7 });
    expect(await store.hotspotHistory(idOf("a"))).toHaveLength(1);
    await clock.advance(8000);
    await said(registry, 3, corrected, clock.now(), clock.now());
    expect(await store.hotspotHistory(idOf("a"))).toHaveLength(2);
  });

  test("a clock that was set back does not put a change before an earlier one", async () => {
    const registry = await open();
    await said(registry, 1);
    await clock.advance(80_000);
    await said(registry, 2, moved, clock.now());
    clock = new ManualClock(nowMs);
    const restarted = await open();
    await said(restarted, 3, corrected, nowMs);
    const [, second] = await store.hotspotHistory(idOf("a"));
    expect(second?.change.fromEpoch).toBe(FIRST_EPOCH + 12);
    expect(second?.latE7).toBe(latitudeOf(corrected));
  });

  test("a change received ahead of a clock that was set back does not count before it was received", async () => {
    const registry = await open();
    await said(registry, 1);
    await said(registry, 2, moved, nowMs + 80_000);
    const [, second] = await store.hotspotHistory(idOf("a"));
    expect(second?.change.fromEpoch).toBe(FIRST_EPOCH + 12);
  });

  test("what an older packet says is ignored, whenever it comes, after a restart too", async () => {
    const registry = await open();
    registry.assert(asserted(5));
    await said(registry, 4, moved);
    await said(registry, 3, moved);
    (await open()).assert(asserted(2, moved));
    await settled();
    expect((await store.hotspot(idOf("a")))?.latE7).toBe(known.latE7);
  });

  test("an older word does not come back after the operator's, after a restart either", async () => {
    const registry = await open();
    await said(registry, 5);
    await clock.advance(8000);
    expect(await registry.add({ ...word, latE7: moved.latE7 })).toEqual({ ok: true });
    await clock.advance(8000);
    (await open()).assert(asserted(4, corrected, clock.now()));
    await settled();
    expect((await store.hotspot(idOf("a")))?.latE7).toBe(latitudeOf(moved));
    expect(refused).toEqual(["assertion_superseded"]);
    (await open()).assert(asserted(6, corrected, clock.now(), clock.now()));
    await settled();
    expect((await store.hotspot(idOf("a")))?.latE7).toBe(latitudeOf(corrected));
  });

  test("what was signed long ago changes nothing, and registers nobody", async () => {
    const registry = await open();
    const old = nowMs - MAX_EVIDENCE_AGE_MS - 1;
    await said(registry, 1, assertion, nowMs, old);
    expect(await store.hotspots()).toEqual([]);
    await said(registry, 2);
    await said(registry, 3, moved, nowMs, old);
    expect((await store.hotspot(idOf("a")))?.latE7).toBe(known.latE7);
    expect(refused).toEqual(["assertion_old"]);
    await said(registry, 4, moved, nowMs, old + 10);
    expect((await store.hotspot(idOf("a")))?.latE7).toBe(latitudeOf(moved));
  });

  test("a clock that is ahead by no more than the skew is taken for true, and the change is not older than its evidence", async () => {
    const { clockSkewMs } = PARAMETERS;
    const registry = await open();
    await said(registry, 1, assertion, nowMs, nowMs + clockSkewMs + 1);
    expect([await store.hotspots(), refused]).toEqual([[], ["assertion_ahead"]]);
    await said(registry, 2, assertion, nowMs, nowMs + clockSkewMs);
    expect((await store.hotspot(idOf("a")))?.change.atMs).toBe(nowMs + clockSkewMs);
  });

  test("who is refused is told once, and again after an hour", async () => {
    const registry = await open();
    for (let minute = 0; minute <= 60; minute++) {
      await said(registry, minute + 1, assertion, clock.now(), nowMs - MAX_EVIDENCE_AGE_MS - 1);
      await clock.advance(60_000);
    }
    expect(refused).toEqual(["assertion_old", "assertion_old"]);
  });

  test("the same again keeps the first evidence", async () => {
    const registry = await open();
    await said(registry, 1);
    await said(registry, 2);
    expect((await store.hotspot(idOf("a")))?.change.evidence).toEqual(asserted(1).evidence);
  });

  test("a region without beacons registers nobody", async () => {
    const registry = await open();
    await said(registry, 1, { ...assertion, region: "MOON" });
    expect(await store.hotspots()).toEqual([]);
  });

  test.each([false, true])(
    "a store that fails costs one registration, none if it had written: %j",
    async (isWritten) => {
      const registry = await open();
      const { putHotspot } = store;
      store.putHotspot = async (...given) => {
        if (isWritten) await putHotspot(...given);
        throw new Error("disk full");
      };
      await said(registry, 1);
      store.putHotspot = putHotspot;
      await said(registry, 2);
      expect(await store.hotspotHistory(idOf("a"))).toHaveLength(1);
      expect(await latitude(registry, NOW_EPOCH + 1)).toBe(known.latE7);
    },
  );
});

test("what comes together is looked up together, and stored before what comes after it", async () => {
  const registry = await open();
  const looked: string[][] = [];
  const { hotspotsById } = store;
  store.hotspotsById = (ids, ...given) => {
    looked.push([...ids]);
    return hotspotsById(ids, ...given);
  };
  const of = (name: "a" | "b" | "c") => {
    const what = assertionOf(name);
    const evidence = encodePacket(statusPacket(1, nowMs, what), signers[name], PARAMETERS.network);
    return { id: idOf(name), assertion: what, sequence: 1, receivedAtMs: nowMs, evidence };
  };
  registry.assert(of("a"));
  registry.assert(of("b"));
  await settled();
  registry.assert(of("c"));
  await settled();
  expect(looked).toEqual([[idOf("a"), idOf("b")], [idOf("c")]]);
  expect(await store.hotspotIds()).toEqual([idOf("a"), idOf("b"), idOf("c")].sort());
});

/** What follows from the changes alone, as auditors compute it. */
const replayed = (history: readonly Hotspot[]): Hotspot[] => {
  const states: Hotspot[] = [];
  for (const { change } of history) {
    const evidence = readEvidence(change.evidence, PARAMETERS.network, networkSigner.publicKey);
    if (evidence === undefined) throw new TypeError("The evidence does not hold");
    const state = changedHotspot(states.at(-1), change, evidence);
    if (state !== undefined) states.push(state);
  }
  return states;
};

const word = { publicKey, ...assertion };

describe("listed registration", () => {
  test("only who is listed may send, and only the operator's word counts", async () => {
    const registry = await open("listed");
    expect(registry.isAllowed(idOf("a"))).toBe(false);
    await said(registry, 1);
    expect(await store.hotspots()).toEqual([]);
    expect(await registry.add(word)).toEqual({ ok: true });
    expect(registry.isAllowed(idOf("a"))).toBe(true);
    await said(registry, 2, moved);
    expect((await store.hotspot(idOf("a")))?.latE7).toBe(known.latE7);
    expect((await open("listed")).isAllowed(idOf("a"))).toBe(true);
  });

  test("listing the same again at each start changes nothing", async () => {
    const registry = await open("listed");
    await registry.add(word);
    await clock.advance(100);
    await (await open("listed")).add(word);
    expect(await store.hotspot(idOf("a"))).toMatchObject({ registeredAtMs: nowMs });
    expect(await store.hotspotHistory(idOf("a"))).toHaveLength(1);
    expect(await latitude(await open("listed"), NOW_EPOCH + 1)).toBe(known.latE7);
  });

  test("the operator's word is signed by the network, the first and each change", async () => {
    const registry = await open("listed");
    await registry.add(word);
    await clock.advance(8000);
    await registry.add({ ...word, payee: new Uint8Array(20).fill(7) });
    const history = await store.hotspotHistory(idOf("a"));
    expect(history.map(({ change }) => change.fromEpoch)).toEqual([NOW_EPOCH + 1, NOW_EPOCH + 2]);
    expect(history.map(({ change }) => change.atMs)).toEqual([nowMs, nowMs + 8000]);
    for (const { change } of history) {
      const evidence = readEvidence(change.evidence, PARAMETERS.network, networkSigner.publicKey);
      expect(evidence).toMatchObject({ by: "operator", publicKey });
      expect(readEvidence(change.evidence, PARAMETERS.network, publicKey)).toBeUndefined();
    }
    expect(replayed(history)).toEqual(history);
  });

  test("the operator's word replaces a place that the owner asserted, but never the owner's payee", async () => {
    const registry = await open();
    await said(registry, 1);
    const other = await registry.add({ ...word, payee: new Uint8Array(20).fill(7) });
    expect(other).toMatchObject({
      ok: false,
      code: "payee_of_owner",
      message: expect.stringMatching(
        /payee is 0x07\w+, by the operator's registration; allowed is 0x\w{40}, as the owner/,
      ),
    });
    expect(await registry.add({ ...word, payee: null })).toMatchObject({ code: "payee_of_owner" });
    expect(await registry.add({ ...word, latE7: moved.latE7 })).toEqual({ ok: true });
    expect((await store.hotspot(idOf("a")))?.latE7).toBe(latitudeOf(moved));
  });

  test("a payee that waits for its epoch is the owner's too", async () => {
    const registry = await open();
    await said(registry, 1);
    const payee = new Uint8Array(20).fill(7);
    await clock.advance(8000);
    await said(registry, 2, { ...assertion, payee }, clock.now(), clock.now());
    // Either would leave a history in which the operator replaced what the owner said.
    for (const said of [word, { ...word, payee, latE7: moved.latE7 }]) {
      expect(await registry.add(said)).toMatchObject({ code: "payee_of_owner" });
    }
    await clock.advance(8000);
    expect(await registry.add({ ...word, payee, latE7: moved.latE7 })).toEqual({ ok: true });
  });

  test("a key that is not admissible is refused with a reason", async () => {
    const registry = await open("listed");
    const outcome = await registry.add({ ...word, publicKey: new Uint8Array(32) });
    expect(outcome).toMatchObject({ ok: false, code: "inadmissible_key" });
  });
});

test("anybody may send where registration is open", async () => {
  expect((await open()).isAllowed(idOf("stranger"))).toBe(true);
});
