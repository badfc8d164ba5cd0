import { expect, test } from "bun:test";
import { newMetrics } from "../monitoring/metrics.ts";
import type { StoredPacket } from "../store/records.ts";
import { storedPacket } from "../store/test-data.ts";
import { Batcher, type BatcherDeps } from "./batcher.ts";

/** A store whose transactions end when told to. */
class HeldStore {
  readonly batches: StoredPacket[][] = [];
  readonly known = new Set<string>();
  readonly #ends: PromiseWithResolvers<void>[] = [];

  async addPackets(packets: readonly StoredPacket[]): Promise<ReadonlySet<string>> {
    this.batches.push([...packets]);
    const end = Promise.withResolvers<void>();
    this.#ends.push(end);
    await end.promise;
    const added = packets.filter(({ id }) => !this.known.has(id)).map(({ id }) => id);
    for (const id of added) this.known.add(id);
    return new Set(added);
  }

  commit = () => this.#ends.shift()?.resolve();
  fail = () => this.#ends.shift()?.reject(new Error("disk full"));
}

function batcher(changes: Partial<BatcherDeps> = {}) {
  const store = new HeldStore();
  const metrics = newMetrics();
  const made = new Batcher({
    addPackets: (packets) => store.addPackets(packets),
    metrics,
    maxQueued: 50_000,
    ...changes,
  });
  const add = (id: string) => made.add(storedPacket({ id })).catch((error: Error) => error.message);
  const sizes = () => store.batches.map(({ length }) => length);
  return { batcher: made, store, metrics, add, sizes };
}

/** Lets everything go on that can. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("what comes while a transaction runs makes the next one", async () => {
  const { add, metrics, sizes, store } = batcher();
  const first = add("a");
  await settle();
  const rest = [add("b"), add("c"), add("d")];
  await settle();
  expect(sizes()).toEqual([1]);
  store.commit();
  expect(await first).toBe(true);
  await settle();
  expect(sizes()).toEqual([1, 3]);
  store.commit();
  expect(await Promise.all(rest)).toEqual([true, true, true]);
  expect(metrics).toMatchObject({ batches: 2, batchedPackets: 4, largestBatch: 3 });
});

test("nobody is answered before the transaction has ended", async () => {
  const { add, store } = batcher();
  let isAnswered = false;
  const answer = add("a").then(() => {
    isAnswered = true;
  });
  await settle();
  expect(isAnswered).toBe(false);
  store.commit();
  await answer;
});

test("of repetitions, in one batch or in two, one is new", async () => {
  const { add, sizes, store } = batcher();
  const together = [add("a"), add("a")];
  await settle();
  const later = add("a");
  store.commit();
  expect(await Promise.all(together)).toEqual([true, false]);
  await settle();
  store.commit();
  expect(await later).toBe(false);
  expect(sizes()).toEqual([1, 1]);
});

test("a failed transaction fails its own packets only", async () => {
  const { add, store } = batcher();
  const failed = [add("a"), add("b")];
  await settle();
  const next = add("c");
  store.fail();
  expect(await Promise.all(failed)).toEqual(["disk full", "disk full"]);
  await settle();
  store.commit();
  expect(await next).toBe(true);
});

test("batches and queue are bounded", async () => {
  const { add, sizes, store } = batcher({ maxBatch: 2, maxQueued: 4 });
  const storing = add("x");
  await settle();
  const queued = ["a", "b", "c", "d"].map(add);
  expect(await add("e")).toBe("Cannot take packet e: 4 wait to be stored already");
  for (let i = 0; i < 3; i++) {
    store.commit();
    await settle();
  }
  expect(await Promise.all([storing, ...queued])).toEqual([true, true, true, true, true]);
  expect(sizes()).toEqual([1, 2, 2]);
});

test("drained waits for all that was added before, and for nothing else", async () => {
  const { add, batcher: made, store } = batcher({ maxBatch: 1 });
  const answers = [add("a"), add("b")];
  await settle();
  const order: string[] = [];
  const drained = made.drained().then(() => order.push("drained"));
  void answers[1]?.then(() => order.push("b"));
  store.commit();
  await settle();
  const later = add("c");
  expect(order).toEqual([]);
  store.commit();
  await drained;
  expect(order.sort()).toEqual(["b", "drained"]);
  await settle();
  store.commit();
  expect(await later).toBe(true);
  await made.drained();
});
