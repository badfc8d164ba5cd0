import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type Assertion, encodePacket, type Hotspot, silentLog } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { FIRST_EPOCH, HOTSPOTS, idOf, PARAMETERS, signers, statusPacket } from "../epochs/test-network.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import { Progress } from "../progress.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { storedVerdict } from "../store/test-data.ts";
import { Registry, type RegistryDeps } from "./registry.ts";

/** In the middle of the epoch after the one that is being judged. */
const nowMs = (FIRST_EPOCH + 1) * 8000 + 4000;
const [known] = HOTSPOTS as [Hotspot];
const assertion: Assertion = {
  latE7: known.latE7,
  lonE7: known.lonE7,
  elevationM: known.elevationM,
  antennaGainDdbi: known.antennaGainDdbi,
  region: known.region,
  payee: known.payee,
};
const moved = { ...assertion, latE7: assertion.latE7 + 1 };

let store: Store;
let clock: ManualClock;
let exclusively: RegistryDeps["exclusively"];

const open = (policy: RegistryDeps["policy"] = "open") => {
  const progress = new Progress(PARAMETERS, FIRST_EPOCH * 4, FIRST_EPOCH);
  return Registry.load({ store, policy, progress, clock, exclusively, log: silentLog });
};

function asserted(sequence: number, what: Assertion = assertion, receivedAtMs = nowMs) {
  const evidence = encodePacket(statusPacket(sequence, nowMs, what), signers.a, PARAMETERS.network);
  const { publicKey } = signers.a;
  return { id: idOf("a"), publicKey, assertion: what, sequence, receivedAtMs, evidence };
}

/** What an epoch is judged by: latitude of hotspot `a`. */
const latitude = async (registry: Registry, epoch: number) =>
  (await registry.inForce(epoch)).get(idOf("a"))?.latE7;

/** Registrations that were set off are stored by then. */
const settled = () => exclusively(async () => undefined);

beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
  clock = new ManualClock(nowMs);
  exclusively = oneAtATime();
});
afterEach(() => store.close());

describe("open registration", () => {
  test("a new hotspot counts at once, on its own word", async () => {
    const registry = await open();
    expect(await latitude(registry, FIRST_EPOCH)).toBeUndefined();
    const word = asserted(1);
    registry.assert(word);
    await settled();
    const hotspot = (await registry.inForce(FIRST_EPOCH)).get(idOf("a"));
    expect(hotspot).toEqual({ ...known, registeredAtMs: nowMs, evidence: word.evidence });
    expect(await store.hotspots(FIRST_EPOCH)).toEqual([hotspot as Hotspot]);
  });

  test("a hotspot whose report was refused in this epoch counts from the next", async () => {
    const verdict = storedVerdict({ packetId: "aa", hotspotId: idOf("a"), epoch: FIRST_EPOCH });
    await store.addJudgement(FIRST_EPOCH * 4, [verdict], []);
    const registry = await open();
    registry.assert(asserted(1));
    await settled();
    expect(await latitude(registry, FIRST_EPOCH)).toBeUndefined();
    expect(await latitude(registry, FIRST_EPOCH + 1)).toBe(assertion.latE7);
  });

  test("a change counts from the next epoch on; of several the last", async () => {
    const registry = await open();
    registry.assert(asserted(1));
    await settled();
    registry.assert(asserted(2, { ...assertion, latE7: 5 }, nowMs + 1));
    await settled();
    registry.assert(asserted(3, moved, nowMs + 2));
    await settled();
    expect(await latitude(registry, FIRST_EPOCH + 1)).toBe(assertion.latE7);
    expect(await latitude(registry, FIRST_EPOCH + 2)).toBe(moved.latE7);
    expect((await store.hotspot(idOf("a")))?.registeredAtMs).toBe(nowMs);
  });

  test("what an older packet says is ignored, whenever it comes, after a restart too", async () => {
    const registry = await open();
    registry.assert(asserted(5));
    registry.assert(asserted(4, moved));
    await settled();
    registry.assert(asserted(3, moved));
    await settled();
    (await open()).assert(asserted(2, moved));
    await settled();
    expect((await store.hotspot(idOf("a")))?.latE7).toBe(assertion.latE7);
  });

  test("the same again keeps the first evidence", async () => {
    const registry = await open();
    registry.assert(asserted(1));
    await settled();
    registry.assert(asserted(2));
    await settled();
    expect((await store.hotspot(idOf("a")))?.evidence).toEqual(asserted(1).evidence);
  });

  test("a region without beacons registers nobody", async () => {
    const registry = await open();
    registry.assert(asserted(1, { ...assertion, region: "MOON" }));
    await settled();
    expect(await store.hotspots()).toEqual([]);
  });

  test("a store that fails costs one registration, not the gateway", async () => {
    const registry = await open();
    const { putHotspot } = store;
    store.putHotspot = () => Promise.reject(new Error("disk full"));
    registry.assert(asserted(1));
    await settled();
    store.putHotspot = putHotspot;
    registry.assert(asserted(2));
    await settled();
    expect(await latitude(registry, FIRST_EPOCH)).toBe(assertion.latE7);
  });
});

describe("listed registration", () => {
  test("only who is listed may send, and only the operator's word counts", async () => {
    const registry = await open("listed");
    expect(registry.isAllowed(idOf("a"))).toBe(false);
    registry.assert(asserted(1));
    await settled();
    expect(await store.hotspots()).toEqual([]);
    expect(await registry.add({ ...known, evidence: null })).toEqual({ ok: true });
    expect(registry.isAllowed(idOf("a"))).toBe(true);
    registry.assert(asserted(2, moved));
    await settled();
    expect((await store.hotspot(idOf("a")))?.latE7).toBe(assertion.latE7);
    expect((await open("listed")).isAllowed(idOf("a"))).toBe(true);
  });

  test("listing the same again at each start changes nothing", async () => {
    const registry = await open("listed");
    await registry.add({ ...known, evidence: null, registeredAtMs: 1 });
    await (await open("listed")).add({ ...known, evidence: null, registeredAtMs: 2 });
    expect(await store.hotspot(idOf("a"))).toMatchObject({ registeredAtMs: 1 });
    expect(await latitude(await open("listed"), FIRST_EPOCH)).toBe(assertion.latE7);
  });

  test("a key that is not admissible is refused with a reason", async () => {
    const registry = await open("listed");
    const outcome = await registry.add({ ...known, publicKey: new Uint8Array(32) });
    expect(outcome).toMatchObject({ ok: false, code: "inadmissible_key" });
  });
});

test("anybody may send where registration is open", async () => {
  expect((await open()).isAllowed(idOf("stranger"))).toBe(true);
});
