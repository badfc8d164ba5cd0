import { afterEach, beforeEach, expect, test } from "bun:test";
import { denialMessage, edgeSubject } from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { FIRST_EPOCH, networkSigner, PARAMETERS, signers } from "../testing/test-network.ts";
import { Progress } from "../time/progress.ts";
import { DenialLog } from "./denial-log.ts";

let store: Store;
let clock: ManualClock;
/** In the epoch after the one that is being judged. */
const current = FIRST_EPOCH + 1;
beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
  clock = new ManualClock(current * 8000 + 4000);
});
afterEach(() => store.close());

const load = () => {
  const progress = new Progress(PARAMETERS, FIRST_EPOCH * 4, FIRST_EPOCH);
  return DenialLog.load({
    store,
    progress,
    clock,
    signer: networkSigner,
    mutex: new Mutex(),
    announcing: new Mutex(),
  });
};
const [a, b] = [signers.a.publicKey, signers.b.publicKey];
const node = { hotspot: a, peer: null, reason: "spoofed position", evidence: "case 7" };
const isDenied = (log: DenialLog, epoch: number, subject = a.toHex()) => log.inForce(epoch).has(subject);

test("a denial holds from the next epoch that has not begun, for as long as it says, after a restart too", async () => {
  const log = await load();
  expect(isDenied(log, current + 1)).toBe(false);
  const { message } = await log.deny(node, 2);
  const opened = denialMessage.open(message, PARAMETERS.network, networkSigner.publicKey);
  const said = { ...node, fromEpoch: current + 1, untilEpoch: current + 3, atMs: clock.now() };
  expect(opened).toMatchObject({ ok: true, value: said });
  for (const each of [log, await load()]) {
    const held = [0, 1, 2, 3].map((after) => isDenied(each, current + after));
    expect(held).toEqual([false, true, true, false]);
  }
});

test("an edge is one thing, whichever end is named first", async () => {
  const log = await load();
  await log.deny({ ...node, hotspot: a, peer: b }, 5);
  await log.deny({ ...node, hotspot: b, peer: a, reason: "again" }, 1);
  expect(log.inForce(current + 1).get(edgeSubject(b, a))?.reason).toBe("again");
  expect(isDenied(log, current + 2, edgeSubject(a, b))).toBe(false);
  expect(log.all).toHaveLength(2);
});

test("what is taken back ends with the epoch that runs, and there is nothing more to take back", async () => {
  const log = await load();
  expect(await log.revoke(node)).toBeUndefined();
  await log.deny(node, 100);
  await clock.advance(16_000);
  const back = await log.revoke(node);
  expect(back?.denial).toMatchObject({ fromEpoch: current + 3, untilEpoch: current + 3 });
  expect([2, 3].map((after) => isDenied(log, current + after))).toEqual([true, false]);
  expect(await log.revoke(node)).toBeUndefined();
});

test("of two in one millisecond the second counts", async () => {
  const log = await load();
  await log.deny(node, 100);
  await log.revoke(node);
  expect(isDenied(log, current + 1)).toBe(false);
  expect(isDenied(await load(), current + 1)).toBe(false);
});

test("a clock that was set back signs no denial after it begins to hold", async () => {
  await (await load()).deny(node, 1);
  clock = new ManualClock((current - 3) * 8000);
  const { denial } = await (await load()).deny({ ...node, hotspot: b }, 1);
  expect(denial.fromEpoch).toBe(current + 1);
  expect(denial.atMs).toBeLessThan(denial.fromEpoch * 8000);
});
