import { afterEach, beforeEach, expect, test } from "bun:test";
import { type Entropy, entropyHash, entropyMessage, entropyTopic } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
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

const open = () =>
  new EntropyPublisher({
    parameters: PARAMETERS,
    store,
    clock,
    signer: networkSigner,
    source: () => new Uint8Array(32).fill(++made),
    downlink: {
      publish: async (topic, bytes, options) =>
        void published.push({ topic, bytes, retain: options?.retain }),
    },
    progress: { published: (entropy) => void known.push(entropy.index) },
  });

beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
  clock = new ManualClock(startMs + 100);
  published = [];
  known = [];
});
afterEach(() => store.close());

async function make(publisher: EntropyPublisher, atMs: number): Promise<Entropy> {
  await clock.advance(atMs - clock.now());
  const entropy = await publisher.makeDue();
  if (entropy === undefined) throw new Error(`Nothing was due at ${atMs}`);
  return entropy;
}

test("one value a period, chained, with the window's first value", async () => {
  const publisher = open();
  const first = await make(publisher, startMs + 100);
  expect(await publisher.makeDue()).toBeUndefined();
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
  expect(await restarted.makeDue()).toBeUndefined();
  const later = await make(restarted, startMs + 60_000);
  expect(later.previousHash).toEqual(entropyHash(first));
});

test("a clock that was set back makes nothing until it has caught up", async () => {
  await make(open(), startMs + 100);
  clock = new ManualClock(startMs - 60_000);
  expect(await open().makeDue()).toBeUndefined();
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
