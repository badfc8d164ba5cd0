import { expect, test } from "bun:test";
import { importKey } from "@earshot/protocol";
import { signers } from "../testing/test-network.ts";
import { openSignaturePool } from "../verify/signature-pool.ts";
import { type SentSignature, SignatureQueue, type SignatureQueueDeps } from "./signature-queue.ts";

const key = importKey(signers.a.publicKey);

function signature(number: number, holds = true): SentSignature {
  const message = Uint8Array.of(number >> 8, number & 255);
  const made = signers.a.sign(message);
  if (!holds) made[0] = (made[0] ?? 0) ^ 1;
  return { publicKey: signers.a.publicKey, key, message, signature: made };
}

/** Other threads that answer when told to, in any order. */
class HeldThreads {
  readonly asked: PromiseWithResolvers<Uint8Array>[] = [];
  readonly sizes: number[] = [];
  readonly failures: string[] = [];

  verifyElsewhere: SignatureQueueDeps["verifyElsewhere"] = (jobs) => {
    this.sizes.push(jobs.length);
    const answer = Promise.withResolvers<Uint8Array>();
    this.asked.push(answer);
    return answer.promise;
  };

  queue(changes: Partial<SignatureQueueDeps> = {}): SignatureQueue {
    return new SignatureQueue({
      verifyElsewhere: this.verifyElsewhere,
      scheduleFlush: queueMicrotask,
      maxWaiting: 10_000,
      onFailure: ({ message }) => void this.failures.push(message),
      ...changes,
    });
  }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("answers come in the order of asking, whichever batch is done first, and what has no signature in its turn", async () => {
  const threads = new HeldThreads();
  const queue = threads.queue();
  const answered: number[] = [];
  const jobs = Array.from({ length: 600 }, (_, i) => (i % 100 === 7 ? undefined : signature(i)));
  const all = jobs.map((job, i) => queue.check(job).then((holds) => void answered.push(holds ? i : -i)));
  await settle();
  expect(threads.sizes).toEqual([253, 253]);
  threads.asked[1]?.resolve(new Uint8Array(253).fill(1));
  await settle();
  expect(answered).toEqual([]);
  threads.asked[0]?.resolve(new Uint8Array(253).fill(1).fill(0, 0, 1));
  await settle();
  expect(threads.sizes).toEqual([253, 253, 88]);
  threads.asked[2]?.resolve(new Uint8Array(88).fill(2));
  await Promise.all(all);
  expect(answered).toEqual(jobs.map((job, i) => (job === undefined || i === 0 || i >= 512 ? -i : i)));
  expect(queue.isEmpty).toBe(true);
});

test("what is asked in one turn is handed over once", async () => {
  const flushes: (() => void)[] = [];
  const queue = new HeldThreads().queue({ scheduleFlush: (flush) => void flushes.push(flush) });
  const ask = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => queue.check(signature(i))));
  const first = ask(5);
  expect(flushes).toHaveLength(1);
  flushes[0]?.();
  expect(await first).toEqual(Array(5).fill(true));
  const second = ask(2);
  expect(flushes).toHaveLength(2);
  flushes[1]?.();
  expect(await second).toEqual([true, true]);
});

test("a few are checked here", async () => {
  const threads = new HeldThreads();
  const queue = threads.queue();
  const jobs = [signature(1), signature(2, false), undefined, signature(3)];
  expect(await Promise.all(jobs.map((job) => queue.check(job)))).toEqual([true, false, false, true]);
  expect(threads.sizes).toEqual([]);
});

test("when the other threads fail, signatures are checked here, and it is told", async () => {
  const threads = new HeldThreads();
  const queue = threads.queue();
  const all = Array.from({ length: 100 }, (_, i) => queue.check(signature(i, i % 3 !== 0)));
  await settle();
  threads.asked[0]?.reject(new Error("out of memory"));
  expect(await Promise.all(all)).toEqual(Array.from({ length: 100 }, (_, i) => i % 3 !== 0));
  expect(threads.failures).toEqual(["out of memory"]);
});

test("a bounded number waits; what comes on top is turned away", async () => {
  const queue = new HeldThreads().queue({ maxWaiting: 3 });
  const all = [1, 2, 3, 4].map((number) => queue.check(signature(number)));
  expect(await Promise.allSettled(all)).toMatchObject([
    { value: true },
    { value: true },
    { value: true },
    { reason: { message: "3 packets wait for their signature to be checked already" } },
  ]);
});

test("real threads say the same", async () => {
  const pool = openSignaturePool(2);
  const queue = new HeldThreads().queue({ verifyElsewhere: async (jobs) => pool.start(jobs).answers() });
  const all = Array.from({ length: 1000 }, (_, i) => queue.check(signature(i, i % 7 !== 0)));
  expect(await Promise.all(all)).toEqual(Array.from({ length: 1000 }, (_, i) => i % 7 !== 0));
  pool.close();
});
