import { describe, expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import { ManualClock, seededRandom } from "@earshot/protocol/testing";
import { Backoff } from "./backoff.ts";
import { LinkedAbort } from "./linked-abort.ts";
import { pause, pauseOrWake, within } from "./pause.ts";
import { Wakeup } from "./wakeup.ts";

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

describe("a wakeup", () => {
  test("wakes the waiting, and is not lost on one that comes to wait later", async () => {
    const wakeup = new Wakeup();
    const waiting = wakeup.wait(never);
    wakeup.notify();
    await waiting;
    wakeup.notify();
    await wakeup.wait(never);
    const stop = new AbortController();
    const again = wakeup.wait(stop.signal);
    stop.abort();
    await again;
  });

  test("cuts a pause short and leaves no sleeper behind", async () => {
    const clock = new ManualClock();
    const wakeup = new Wakeup();
    const woken = pauseOrWake(clock, 60_000, wakeup, never);
    wakeup.notify();
    await woken;
    await clock.advance(0);
    expect(clock.pending).toBe(0);
    await clock.resolve(pauseOrWake(clock, 500, wakeup, never));
  });
});

test("a promise is waited for within a limit", async () => {
  const clock = new ManualClock();
  expect(await within(clock, 1000, "too late", Promise.resolve(5))).toBe(5);
  const late = within(clock, 1000, "too late", new Promise(() => {})).catch((error: Error) => error.message);
  expect(await clock.resolve(late)).toBe("too late");
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
