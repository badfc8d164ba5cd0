import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { runAll, type Task } from "./run-all.ts";

/** Sleeps until it is stopped, and records that it was. */
function sleeper(clock: ManualClock) {
  const state = { isStopped: false };
  const task: Task = async (signal) => {
    await clock.sleep(1e9, signal).catch(() => {});
    state.isStopped = true;
  };
  return { state, task };
}

test("when one fails the others are stopped, and the failure is thrown once all have ended", async () => {
  const clock = new ManualClock();
  const { state, task } = sleeper(clock);
  const failing: Task = async () => {
    throw new Error("broken");
  };
  await expect(runAll([task, failing], new AbortController().signal)).rejects.toThrow("broken");
  expect(state.isStopped).toBe(true);
  expect(clock.pending).toBe(0);
});

test("when one ends, or the signal is aborted, all are stopped", async () => {
  const clock = new ManualClock();
  const [a, b] = [sleeper(clock), sleeper(clock)];
  await runAll([a.task, async () => {}], new AbortController().signal);
  expect(a.state.isStopped).toBe(true);
  const stop = new AbortController();
  const running = runAll([b.task], stop.signal);
  stop.abort();
  await running;
  expect(b.state.isStopped).toBe(true);
});
