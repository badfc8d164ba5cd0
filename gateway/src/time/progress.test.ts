import { afterEach, beforeEach, expect, test } from "bun:test";
import { drawIndex } from "@earshot/protocol";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { entropyRecord, storedEpoch } from "../store/test-data.ts";
import { FIRST_EPOCH, PARAMETERS } from "../testing/test-network.ts";
import { loadProgress, Progress } from "./progress.ts";

const index = FIRST_EPOCH * 4;
const drawMs = (of: number) => drawIndex(of, PARAMETERS) * 2000;

let store: Store;
beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
});
afterEach(() => store.close());

test("receive times never run backwards, nor before the draw of what was called for judging", () => {
  const progress = new Progress(PARAMETERS, index, FIRST_EPOCH);
  const judgedMs = drawMs(index);
  expect(progress.receivedAtMs(judgedMs - 60_000)).toBe(judgedMs);
  expect(progress.receivedAtMs(judgedMs + 500)).toBe(judgedMs + 500);
  expect(progress.receivedAtMs(judgedMs + 400)).toBe(judgedMs + 500);
  progress.startJudging(index + 5);
  expect(progress.receivedAtMs(judgedMs + 600)).toBe(drawMs(index + 5));
});

test("nothing is received before entropy that was published before it, after a restart too", async () => {
  const progress = await loadProgress(store, PARAMETERS, index * 2000);
  expect(progress.publishedThrough).toBe(-1);
  progress.published({ index: index + 3, atMs: (index + 3) * 2000 + 9 });
  expect(progress.publishedThrough).toBe(index + 3);
  expect(progress.receivedAtMs(index * 2000 + 10)).toBe((index + 3) * 2000 + 9);
  await store.addEntropy(entropyRecord(index + 5), new Uint8Array());
  const restarted = await loadProgress(store, PARAMETERS, index * 2000 + 20);
  expect(restarted.publishedThrough).toBe(index + 5);
  expect(restarted.receivedAtMs(index * 2000 + 20)).toBe(entropyRecord(index + 5).atMs);
});

test("a packet is filed under its own epoch, or the lowest that takes packets", () => {
  const progress = new Progress(PARAMETERS, index, FIRST_EPOCH);
  expect(progress.epochFor(index + 4, progress.arrival(0))).toBe(FIRST_EPOCH + 1);
  expect(progress.epochFor(index - 1, progress.arrival(0))).toBe(FIRST_EPOCH);
  progress.startClosing(FIRST_EPOCH, index + 3);
  expect([progress.epochFor(index, progress.arrival(0)), progress.openEpoch]).toEqual([
    FIRST_EPOCH + 1,
    FIRST_EPOCH,
  ]);
  expect(progress.judgingThrough).toBe(index + 3);
  progress.closed(FIRST_EPOCH);
  expect(progress.openEpoch).toBe(FIRST_EPOCH + 1);
});

test("a network starts with the present period and the present epoch", async () => {
  const progress = await loadProgress(store, PARAMETERS, index * 2000 + 5);
  expect(drawIndex(progress.judgedThrough, PARAMETERS)).toBe(index);
  expect(progress.openEpoch).toBe(FIRST_EPOCH);
  expect(await store.judgedThrough()).toBe(progress.judgedThrough);
});

test("a restart takes up where it stopped", async () => {
  await loadProgress(store, PARAMETERS, index * 2000);
  await store.addEntropy(entropyRecord(index), new Uint8Array());
  expect((await loadProgress(store, PARAMETERS, index * 2000 + 999_999)).openEpoch).toBe(FIRST_EPOCH);
  await store.addJudgement(index + 9, [], [], []);
  await store.addEpoch(storedEpoch(FIRST_EPOCH + 1), [], [], 0);
  const progress = await loadProgress(store, PARAMETERS, index * 2000 + 999_999);
  expect([progress.judgedThrough, progress.openEpoch]).toEqual([index + 9, FIRST_EPOCH + 2]);
});
