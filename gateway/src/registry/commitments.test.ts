import { beforeEach, describe, expect, test } from "bun:test";
import {
  type AcceptedCommitment,
  BeaconChains,
  CHAIN_WINDOWS,
  type Commitment,
  chainOf,
  encodePacket,
  silentLog,
  windowOf,
} from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import { publishedParameters } from "../parameters/parameters-log.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { FIRST_EPOCH, HOTSPOTS, idOf, PARAMETERS, signers, statusPacket } from "../testing/test-network.ts";
import { Progress } from "../time/progress.ts";
import { Commitments } from "./commitments.ts";

/** In the middle of an epoch; a window is an epoch. */
const EPOCH_MS = 8000;
const startMs = FIRST_EPOCH * EPOCH_MS + 1000;
const own = new BeaconChains(signers.a, PARAMETERS.network);
const others = new BeaconChains(signers.b, PARAMETERS.network);

let store: Store;
let clock: ManualClock;
let progress: Progress;
let mutex: Mutex;
let told: string[];
let commitments: Commitments;

const inForce = () => publishedParameters({ parameters: PARAMETERS, message: new Uint8Array() });
const open = () =>
  new Commitments({
    ...{ store, clock, mutex, progress, announcing: new Mutex(), parameters: { inForce }, log: silentLog },
    onRefused: (_id, _packet, reason) => told.push(reason),
  });

beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
  for (const hotspot of HOTSPOTS) await store.putHotspot(hotspot);
  clock = new ManualClock(startMs);
  progress = new Progress(PARAMETERS, FIRST_EPOCH * 4 - 9, FIRST_EPOCH);
  mutex = new Mutex();
  told = [];
  commitments = open();
});

const epochNow = () => Math.floor(clock.now() / EPOCH_MS);
const chainNow = () => chainOf(windowOf(epochNow() * PARAMETERS.epochPeriods, PARAMETERS.windowPeriods));
const announced = (chains = own, chain = chainNow()) =>
  [chain, chain + 1].map((one) => chains.commitment(one));
let sequence = 0;

/** A status packet of hotspot a comes. */
async function said(what: Commitment[], signedAtMs = clock.now()): Promise<void> {
  sequence += 1;
  const packet = { ...statusPacket(sequence, signedAtMs), commitments: what };
  const evidence = encodePacket(packet, signers.a, PARAMETERS.network);
  commitments.note({ id: idOf("a"), receivedAtMs: clock.now(), evidence, commitments: what });
  await mutex.run(async () => undefined);
}

const accepted = async (): Promise<AcceptedCommitment[]> =>
  (await store.commitments([idOf("a")])).get(idOf("a")) ?? [];
const heads = async () => (await accepted()).map(({ chain, head }) => [chain - chainNow(), head.toHex()]);

describe("what a hotspot commits to", () => {
  test("counts from the next epoch on, and is recorded for what entropy announces", async () => {
    await said(announced());
    const [current, next] = await accepted();
    expect([current?.fromEpoch, next?.fromEpoch]).toEqual([epochNow() + 1, epochNow() + 1]);
    const records = await store.changeRecords(epochNow(), epochNow() + 1);
    expect(records.map(({ kind }) => kind)).toEqual([chainNow() + 1, chainNow() + 2]);
    expect((await store.commitments([idOf("a")], epochNow())).size).toBe(0);
  });

  test("counts from the one after it where the epoch's last entropy may be out", async () => {
    await clock.advance(EPOCH_MS - 1001);
    const epoch = epochNow();
    await said(announced());
    expect((await accepted())[0]?.fromEpoch).toBe(epoch + 2);
  });

  test("is said with each status packet: that changes nothing", async () => {
    await said(announced());
    const first = await accepted();
    const { revision } = commitments;
    await clock.advance(EPOCH_MS);
    await said(announced());
    expect(await accepted()).toEqual(first);
    commitments = open();
    await said(announced());
    expect([await accepted(), commitments.revision, revision, told]).toEqual([first, 0, 1, []]);
  });

  test("the first of a chain stays, and the owner is told", async () => {
    await said(announced());
    await said(announced(others));
    expect(await heads()).toEqual(announced().map(({ chain, head }) => [chain - chainNow(), head.toHex()]));
    expect(told).toEqual(["commitment_conflict", "commitment_conflict"]);
  });

  test("a key restored from its words commits to the same", async () => {
    await said(announced());
    const first = await accepted();
    await said(announced(new BeaconChains(signers.a, PARAMETERS.network)));
    expect([await accepted(), told]).toEqual([first, []]);
  });

  test("goes on over the end of a chain while the hotspot is off, and anew after longer", async () => {
    await said(announced());
    await clock.advance(CHAIN_WINDOWS * EPOCH_MS);
    // The next chain has begun, which it committed to before.
    const [chain, epoch] = [chainNow(), epochNow()];
    progress = new Progress(PARAMETERS, epoch * 4 - 9, epoch);
    commitments = open();
    expect(
      (await store.commitments([idOf("a")], epoch)).get(idOf("a"))?.some((one) => one.chain === chain),
    ).toBe(true);
    await said(announced());
    expect((await accepted()).map((one) => one.chain - chain)).toEqual([-1, 0, 1]);
    await clock.advance(3 * CHAIN_WINDOWS * EPOCH_MS);
    progress = new Progress(PARAMETERS, epochNow() * 4 - 9, epochNow());
    commitments = open();
    await said(announced());
    const now = (await accepted()).filter((one) => one.chain === chainNow());
    expect(now.map(({ fromEpoch }) => fromEpoch)).toEqual([epochNow() + 1]);
    expect(told).toEqual([]);
  });

  test.each([
    ["a chain that is over", -1],
    ["one far ahead", 9],
  ])("to %s is not accepted", async (_, ahead) => {
    await said([own.commitment(chainNow() + ahead)]);
    expect(await accepted()).toEqual([]);
  });

  test("by a packet of long ago is not accepted", async () => {
    await said(announced(), clock.now() - 90 * 86_400_000);
    expect(await accepted()).toEqual([]);
  });

  test("of a hotspot that is not registered waits until it says so again", async () => {
    const empty = await openStore("sqlite://:memory:");
    store = empty;
    commitments = open();
    await said(announced());
    expect(await accepted()).toEqual([]);
    for (const hotspot of HOTSPOTS) await store.putHotspot(hotspot);
    await said(announced());
    expect(await accepted()).toHaveLength(2);
  });

  test("that was taken back is accepted when it is said again", async () => {
    await said(announced());
    await store.revokeUnannounced({
      ...{ sinceMs: startMs, untilEpoch: epochNow() + 1, versionsFrom: undefined, nowMs: clock.now() },
    });
    commitments.forgetAll();
    expect([await accepted(), await store.changeRecords(epochNow(), epochNow() + 9)]).toEqual([[], []]);
    await clock.advance(EPOCH_MS);
    await said(announced());
    expect((await accepted())[0]?.fromEpoch).toBe(epochNow() + 1);
  });
});
