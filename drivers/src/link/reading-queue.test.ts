import { expect, test } from "bun:test";
import fc from "fast-check";
import { LinkLostError } from "../driver.ts";
import { ReadingQueue } from "./reading-queue.ts";

test("keeps the newest items in order and counts what it dropped", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.array(fc.integer()), async (capacity, items) => {
      const queue = new ReadingQueue<number>({ capacity });
      for (const item of items) queue.push(item);
      queue.fail(new LinkLostError("gone"));
      const seen: number[] = [];
      await expect(
        (async () => {
          for await (const item of queue) seen.push(item);
        })(),
      ).rejects.toBeInstanceOf(LinkLostError);
      expect(seen).toEqual(items.slice(-capacity));
      expect(queue.dropped).toBe(Math.max(0, items.length - capacity));
    }),
  );
});

test("interleaved pushes and takes keep order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 200 }), async (pushes) => {
      const queue = new ReadingQueue<number>({ capacity: 1000 });
      const iterator = queue[Symbol.asyncIterator]();
      let pushed = 0;
      let taken = 0;
      for (const push of pushes) {
        if (push) queue.push(pushed++);
        else if (taken < pushed) expect((await iterator.next()).value).toBe(taken++);
      }
      expect(queue.length).toBe(pushed - taken);
    }),
  );
});

test("end() wakes a waiting consumer and forgets what is queued", async () => {
  const waiting = new ReadingQueue<number>({ capacity: 2 });
  const next = waiting[Symbol.asyncIterator]().next();
  waiting.end();
  expect((await next).done).toBe(true);

  const full = new ReadingQueue<number>({ capacity: 2 });
  full.push(1);
  full.end();
  full.push(2);
  expect((await full[Symbol.asyncIterator]().next()).done).toBe(true);
});

test("an error reaches a waiting consumer once", async () => {
  const queue = new ReadingQueue<number>({ capacity: 2 });
  const iterator = queue[Symbol.asyncIterator]();
  const next = iterator.next();
  queue.fail(new LinkLostError("gone"));
  queue.fail(new LinkLostError("gone again"));
  await expect(next).rejects.toThrow("gone");
  expect((await iterator.next()).done).toBe(true);
});

test("leaving the loop calls onLeave once", async () => {
  let left = 0;
  const queue = new ReadingQueue<number>({ capacity: 2, onLeave: async () => void left++ });
  queue.push(1);
  for await (const _ of queue) break;
  expect(left).toBe(1);
  expect(() => queue[Symbol.asyncIterator]()).toThrow(TypeError);
});

test("refuses a capacity below one", () => {
  expect(() => new ReadingQueue({ capacity: 0 })).toThrow("allowed are whole numbers from 1");
});
