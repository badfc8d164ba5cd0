import { expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import { ManualClock } from "../time/manual-clock.ts";
import { seededRandom } from "../virtual-time.ts";
import { Backoff } from "./backoff.ts";
import { LinkedAbort } from "./linked-abort.ts";
import { abortAfter, pause, withTimeout } from "./pause.ts";

const never = new AbortController().signal;

test("waits between attempts double up to a limit, spread over their upper half, and begin anew", () => {
  const backoff = new Backoff({ firstMs: 1000, maxMs: 30_000 }, seededRandom(1));
  for (const fullMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    const waitMs = backoff.nextMs();
    expect(waitMs).toBeGreaterThanOrEqual(fullMs / 2);
    expect(waitMs).toBeLessThanOrEqual(fullMs);
  }
  expect(backoff.nextMs(5000)).toBeLessThanOrEqual(5000);
  backoff.reset();
  expect(backoff.nextMs()).toBeLessThanOrEqual(1000);
});

test("without chance each wait is as long as it may be", () => {
  const backoff = new Backoff({ firstMs: 1000, maxMs: 5000 });
  expect([1, 2, 3, 4].map(() => backoff.nextMs())).toEqual([1000, 2000, 4000, 5000]);
  backoff.reset();
  expect(backoff.nextMs()).toBe(1000);
});

test("a pause ends early when aborted, and says so", async () => {
  const clock = new ManualClock();
  expect(await clock.resolve(pause(clock, 1000, never))).toBe(true);
  const stop = new AbortController();
  const pausing = pause(clock, 1000, stop.signal);
  stop.abort();
  expect(await pausing).toBe(false);
  expect(await pause(clock, 1000, stop.signal)).toBe(false);
  expect(clock.pending).toBe(0);
});

test("a promise is waited for within a limit", async () => {
  const clock = new ManualClock();
  expect(await withTimeout(clock, 1000, "too late", Promise.resolve(5))).toBe(5);
  const late = withTimeout(clock, 1000, "too late", new Promise(() => {})).catch(
    (error: Error) => error.message,
  );
  expect(await clock.resolve(late)).toBe("too late");
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

test("work that takes too long is told to end, waited for, and leaves nothing behind", async () => {
  const clock = new ManualClock();
  const tooLong = new Error("too long");
  const ended: unknown[] = [];
  const work = (signal: AbortSignal) =>
    new Promise<string>((_, reject) => {
      signal.addEventListener("abort", () => {
        ended.push(signal.reason);
        void clock.sleep(10).then(() => reject(new Error("closed what was open")));
      });
    });
  const late = abortAfter(clock, 1000, tooLong, never, work).catch((error: Error) => error.message);
  await clock.advance(999);
  expect(ended).toEqual([]);
  await clock.advance(1);
  expect(ended).toEqual([tooLong]);
  expect(await clock.resolve(late)).toBe("closed what was open");
  const stop = new AbortController();
  const stopped = abortAfter(clock, 1000, tooLong, stop.signal, work).catch((error: Error) => error.message);
  stop.abort("stopped");
  expect(await clock.resolve(stopped)).toBe("closed what was open");
  expect(ended[1]).toBe("stopped");
  expect(await abortAfter(clock, 1000, tooLong, stop.signal, async ({ aborted }) => aborted)).toBe(true);
  const inTime = new AbortController();
  expect(await abortAfter(clock, 1000, tooLong, inTime.signal, async () => 5)).toBe(5);
  expect(getEventListeners(inTime.signal, "abort")).toHaveLength(0);
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

test("a linked abort follows the other until it lets go", () => {
  const outer = new AbortController();
  const following = new LinkedAbort(outer.signal);
  const released = new LinkedAbort(outer.signal);
  const ended = new LinkedAbort(outer.signal);
  released.release();
  ended.end();
  expect([following, released, ended].map(({ signal }) => signal.aborted)).toEqual([false, false, true]);
  // A signal that lives as long as the program must not collect them.
  expect(getEventListeners(outer.signal, "abort")).toHaveLength(1);
  outer.abort();
  expect([following, released].map(({ signal }) => signal.aborted)).toEqual([true, false]);
  expect(new LinkedAbort(outer.signal).signal.aborted).toBe(true);
});
