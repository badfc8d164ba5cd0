import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { pauseOrWake, Wakeup } from "./wakeup.ts";

const never = new AbortController().signal;

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
