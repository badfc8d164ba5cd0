import { afterEach, beforeEach, expect, test } from "bun:test";
import { encodePacket, hotspotId, sha256, signerFromSeed, silentLog, u32 } from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import { DEFAULT_LIMITS } from "../access/hotspot-limits.ts";
import { publishedParameters } from "../parameters/parameters-log.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { storedEpoch, storedPacket } from "../store/test-data.ts";
import {
  assertionOf,
  FIRST_EPOCH,
  idOf,
  networkSigner,
  PARAMETERS,
  signers,
  statusPacket,
} from "../testing/test-network.ts";
import { Progress } from "../time/progress.ts";
import { Registry } from "./registry.ts";

let store: Store;
let clock: ManualClock;
let progress: Progress;
const mutex = new Mutex();

const open = (maxUnheard: number) =>
  Registry.load({
    store,
    policy: "open",
    parameters: {
      inForce: () => publishedParameters({ parameters: PARAMETERS, message: new Uint8Array() }),
    },
    progress,
    clock,
    signer: networkSigner,
    keys: networkSigner.publicKey,
    mutex,
    announcing: new Mutex(),
    limits: { ...DEFAULT_LIMITS, maxUnheard },
    log: silentLog,
  });

/** Days later all epochs but the last are closed. */
async function days(count: number): Promise<void> {
  await clock.advance(count * 86_400_000);
  progress.openEpoch = Math.floor(clock.now() / 8000) - 1;
}

/** A hotspot asserts its place; resolves when that is stored. */
async function says(registry: Registry, name: "a" | "b" | "c" | "near", sequence: number): Promise<void> {
  const assertion = assertionOf(name);
  const packet = statusPacket(sequence, clock.now(), assertion);
  const evidence = encodePacket(packet, signers[name], PARAMETERS.network);
  registry.assert({ id: idOf(name), assertion, sequence, receivedAtMs: clock.now(), evidence });
  await mutex.run(async () => undefined);
}

beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
  clock = new ManualClock((FIRST_EPOCH + 1) * 8000 + 4000);
  progress = new Progress(PARAMETERS, FIRST_EPOCH * 4, FIRST_EPOCH);
});
afterEach(() => store.close());

const ids = (...names: ("a" | "b" | "c" | "near")[]) => names.map(idOf).sort();

test("of those that never reported the oldest go first, and register again with their next packet", async () => {
  const registry = await open(2);
  for (const name of ["b", "c", "a"] as const) {
    await says(registry, name, 1);
    await clock.advance(1);
  }
  await store.addPackets([storedPacket({ id: "aa", hotspotId: idOf("b"), epoch: FIRST_EPOCH + 1 })]);
  await mutex.run(() => registry.forgetUnheard());
  // The oldest has a report that a bundle will show.
  expect(await store.hotspotIds()).toEqual(ids("a", "b", "c"));
  await store.addEpoch(storedEpoch(1), [], [], 0, [idOf("b")]);
  await says(registry, "near", 1);
  await mutex.run(() => registry.forgetUnheard());
  expect(await store.hotspotIds()).toEqual(ids("a", "b", "near"));
  // The same assertion as before, and yet it is new.
  await says(registry, "c", 2);
  expect(await store.hotspotIds()).toEqual(ids("a", "b", "c", "near"));
});

test("those that sent nothing for a week go, heard ones never", async () => {
  const registry = await open(100);
  await says(registry, "a", 1);
  await says(registry, "b", 1);
  await store.addEpoch(storedEpoch(1), [], [], 0, [idOf("b")]);
  await days(6);
  await mutex.run(() => registry.forgetUnheard());
  expect(await store.hotspotIds()).toEqual(ids("a", "b"));
  await days(2);
  await mutex.run(() => registry.forgetUnheard());
  expect(await store.hotspotIds()).toEqual(ids("b"));
});

test("what the operator said is never forgotten", async () => {
  const registry = await open(0);
  await registry.add({ publicKey: signers.a.publicKey, ...assertionOf("a") });
  await days(8);
  await mutex.run(() => registry.forgetUnheard());
  expect(await store.hotspotIds()).toEqual(ids("a"));
});

test("a flood of new keys is cut back while it goes on", async () => {
  const registry = await open(100);
  const assertion = assertionOf("a");
  let most = 0;
  for (let i = 0; i < 600; i++) {
    const signer = signerFromSeed(sha256(u32(i)));
    const evidence = encodePacket(statusPacket(1, clock.now(), assertion), signer, PARAMETERS.network);
    const id = hotspotId(signer.publicKey);
    registry.assert({ id, assertion, sequence: 1, receivedAtMs: clock.now(), evidence });
    await mutex.run(async () => undefined);
    if (i % 50 === 49) most = Math.max(most, (await store.hotspotIds()).length);
  }
  expect(most).toBeGreaterThan(100);
  expect(most).toBeLessThanOrEqual(100 + 256);
});
