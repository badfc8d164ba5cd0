import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  type AnnouncedState,
  DRAND,
  type Entropy,
  entropyHash,
  entropyMessage,
  entropyTopic,
} from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import { type EntropySource, localSource } from "../entropy/entropy-source.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { networkSigner, PARAMETERS } from "../testing/test-network.ts";
import { EntropyPublisher } from "./entropy-publisher.ts";

const { network } = PARAMETERS;
const startMs = Date.UTC(2026, 0, 1);
const firstIndex = startMs / 2000;
let store: Store;
let clock: ManualClock;
let published: { topic: string; bytes: Uint8Array; retain: boolean | undefined }[];
/** Indexes that the rest of the gateway knows to be published. */
let known: number[];
let made = 0;
/** What would be announced, and where an epoch began: the last index before, and the epoch. */
const state: AnnouncedState = {
  closedEpoch: 3,
  manifestHash: new Uint8Array(32).fill(1),
  parametersHash: new Uint8Array(32).fill(2),
  denialsHash: new Uint8Array(32).fill(3),
  registryHash: new Uint8Array(32).fill(4),
};
let begun: [index: number, epoch: number][];
let source: EntropySource;
const running = new AbortController().signal;

const open = () =>
  new EntropyPublisher({
    parameters: PARAMETERS,
    store,
    clock,
    signer: networkSigner,
    source,
    downlink: {
      publish: async (topic, bytes, options) =>
        void published.push({ topic, bytes, retain: options?.retain }),
    },
    progress: { published: (entropy) => void known.push(entropy.index) },
    states: { before: async () => state },
    announcing: new Mutex(),
    takeBack: async ({ index }, epoch) => void begun.push([index, epoch]),
  });

beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
  clock = new ManualClock(startMs + 100);
  published = [];
  [known, begun] = [[], []];
  source = localSource(() => new Uint8Array(32).fill(++made));
});
afterEach(() => store.close());

async function make(publisher: EntropyPublisher, atMs: number): Promise<Entropy> {
  await clock.advance(atMs - clock.now());
  const making = publisher.makeDue(running);
  await clock.advance(0);
  const entropy = await making;
  if (entropy === undefined) throw new Error(`Nothing was due at ${atMs}`);
  return entropy;
}

test("one value a period, chained, with the window's first value", async () => {
  const publisher = open();
  const first = await make(publisher, startMs + 100);
  expect(await publisher.makeDue(running)).toBeUndefined();
  expect(known).toEqual([firstIndex]);
  const second = await make(publisher, startMs + 2000);
  const nextWindow = await make(publisher, startMs + 8000);
  expect(first).toEqual({
    index: firstIndex,
    atMs: startMs + 100,
    value: expect.any(Uint8Array),
    previousHash: new Uint8Array(32),
    periodMs: 2000,
    validityMs: 4000,
    windowPeriods: 4,
    reportDeadlineMs: 4000,
    revealDeadlineMs: 6000,
    windowValue: first.value,
    source: null,
    state,
  });
  expect(second.previousHash).toEqual(entropyHash(first));
  expect(second.windowValue).toEqual(first.value);
  expect(nextWindow.index).toBe(firstIndex + 4);
  expect(nextWindow.previousHash).toEqual(entropyHash(second));
  expect(nextWindow.windowValue).toEqual(nextWindow.value);
});

test("a restart goes on with the chain and makes no second value for a period", async () => {
  const first = await make(open(), startMs + 100);
  const restarted = open();
  expect(await restarted.makeDue(running)).toBeUndefined();
  const later = await make(restarted, startMs + 60_000);
  expect(later.previousHash).toEqual(entropyHash(first));
});

test("a clock that was set back makes nothing until it has caught up", async () => {
  await make(open(), startMs + 100);
  clock = new ManualClock(startMs - 60_000);
  expect(await open().makeDue(running)).toBeUndefined();
});

test("the newest is published retained and signed, as often as asked", async () => {
  const publisher = open();
  await publisher.announce();
  expect(published).toEqual([]);
  await make(publisher, startMs + 100);
  const second = await make(publisher, startMs + 2000);
  await publisher.announce();
  await open().announce();
  expect(published).toHaveLength(2);
  for (const { topic, bytes, retain } of published) {
    expect([topic, retain]).toEqual([entropyTopic(network), true]);
    expect(entropyMessage.open(bytes, network, networkSigner.publicKey)).toMatchObject({ value: second });
  }
});

test("time and index are of one moment, however long the store takes", async () => {
  const { latestEntropy } = store;
  store.latestEntropy = async () => {
    await clock.advance(2000);
    return latestEntropy();
  };
  const { index, atMs } = await make(open(), startMs + 100);
  expect([index, atMs]).toEqual([firstIndex, startMs + 100]);
});

test("the next period begins on the clock's own marks", () => {
  expect(open().nextPeriodMs()).toBe(startMs + 2000);
});

/** A source that takes so long, and whose values bear a proof or say that they have none. */
const provenAfter = (waitMs: number, counts = true): EntropySource => ({
  async draw() {
    await clock.sleep(waitMs);
    const signature = counts ? new Uint8Array(48).fill(3) : null;
    return { value: new Uint8Array(32).fill(++made), source: { kind: DRAND, round: 9, signature, counts } };
  },
});

test("a value that was waited for is dated when it came", async () => {
  source = provenAfter(700);
  const making = open().makeDue(running);
  await clock.advance(1000);
  expect(await making).toMatchObject({ index: firstIndex, atMs: startMs + 800 });
});

test("nothing is made when the period ended meanwhile, or the clock fell in doubt", async () => {
  source = provenAfter(1900);
  const making = open().makeDue(running);
  await clock.advance(2000);
  expect(await making).toBeUndefined();
  source = provenAfter(100);
  const inDoubt = open().makeDue(running);
  Object.defineProperty(clock, "doubt", { value: "it was set" });
  await clock.advance(200);
  expect(await inDoubt).toBeUndefined();
  expect(await store.latestEntropy()).toBeUndefined();
});

test("a window begins with the first value that counts", async () => {
  source = provenAfter(0, false);
  const uncounted = await make(open(), startMs + 100);
  expect(uncounted.windowValue).toEqual(uncounted.value);
  source = provenAfter(0);
  const counted = await make(open(), startMs + 2000);
  expect(counted.windowValue).toEqual(counted.value);
  source = provenAfter(0, false);
  expect((await make(open(), startMs + 4000)).windowValue).toEqual(counted.value);
});

test("where an epoch begins, what was not announced is taken back before its first value is made", async () => {
  const { epochPeriods } = PARAMETERS;
  const epoch = firstIndex / epochPeriods;
  await make(open(), startMs + 100);
  expect(begun).toEqual([]);
  const last = firstIndex + epochPeriods - 1;
  await make(open(), last * 2000);
  await make(open(), (last + 1) * 2000);
  await make(open(), (last + 2) * 2000);
  expect(begun).toEqual([[last, epoch + 1]]);
});
