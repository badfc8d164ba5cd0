import { beforeEach, describe, expect, test } from "bun:test";
import { logTo, silentLog } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { SteadyClock } from "./steady-clock.ts";

const PERIOD_MS = 60_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 5, 1);

let machine: ManualClock;
let told: string[];
beforeEach(() => {
  machine = new ManualClock(START_MS);
  told = [];
});

const steady = (newestEntropyMs: number | undefined = START_MS - PERIOD_MS) =>
  new SteadyClock({
    clock: machine,
    entropyPeriodMs: PERIOD_MS,
    newestEntropyMs,
    log: logTo((level, message) => told.push(`${level} ${message}`)),
  });

/** A gateway looks at least once a second at a clock in doubt. */
async function pass(clock: SteadyClock, ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= 1000) {
    await machine.advance(Math.min(leftMs, 1000));
    clock.now();
  }
}

test("follows the machine's clock, small steps too", async () => {
  const clock = steady();
  await machine.advance(90_000);
  expect(clock.now()).toBe(START_MS + 90_000);
  machine.stepWall(100_000);
  expect(clock.now()).toBe(START_MS + 190_000);
  machine.stepWall(-180_000);
  expect([clock.now(), clock.doubt, clock.isSettled]).toEqual([START_MS + 10_000, undefined, true]);
  expect(told).toEqual([]);
});

describe.each([HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS, 400 * 24 * HOUR_MS])(
  "a step of %d ms",
  (step) => {
    test("is in doubt at once; time goes on by elapsed time; over as soon as the clock is back", async () => {
      const clock = steady();
      await machine.advance(5000);
      machine.stepWall(step);
      expect(clock.now()).toBe(START_MS + 5000);
      expect(clock.doubt).toContain(new Date(START_MS + 5000 + step).toISOString().slice(0, 19));
      expect(clock.isSettled).toBe(false);
      await pass(clock, 5000);
      expect(clock.now()).toBe(START_MS + 10_000);
      machine.stepWall(-step);
      expect([clock.doubt, clock.now(), clock.isNew]).toEqual([undefined, START_MS + 10_000, false]);
      expect(told).toHaveLength(2);
      expect(told[1]).toContain("right again");
    });

    test("that stays is taken after the stated time, and what was made before is put in order first", async () => {
      const clock = steady();
      machine.stepWall(step);
      clock.now();
      await pass(clock, clock.settleMs - 1000);
      expect([clock.doubt === undefined, clock.isNew]).toEqual([false, false]);
      await pass(clock, 1000);
      expect(clock.isNew).toBe(true);
      expect(clock.doubt).toContain("put in order");
      expect(clock.now()).toBe(START_MS + step + clock.settleMs);
      clock.resume();
      expect([clock.doubt, clock.isSettled]).toEqual([undefined, true]);
    });
  },
);

test("the stated time is ten periods, and five minutes at least", () => {
  expect(steady().settleMs).toBe(600_000);
  const fast = new SteadyClock({
    clock: machine,
    entropyPeriodMs: 1000,
    newestEntropyMs: undefined,
    log: silentLog,
  });
  expect(fast.settleMs).toBe(300_000);
});

test("a clock that never stays is never taken, and floods no log", async () => {
  const clock = steady();
  for (let i = 0; i < 1000; i++) {
    machine.stepWall(i % 2 === 0 ? 24 * HOUR_MS : -23 * HOUR_MS);
    await pass(clock, 2000);
  }
  expect(clock.doubt).toBeDefined();
  expect(clock.isNew).toBe(false);
  expect(told).toHaveLength(1);
});

test("one that steps to and fro is told of once a minute", async () => {
  const clock = steady();
  for (let i = 0; i < 150; i++) {
    machine.stepWall(HOUR_MS);
    await pass(clock, 1000);
    machine.stepWall(-HOUR_MS);
    await pass(clock, 1000);
    expect(clock.doubt).toBeUndefined();
  }
  expect(told).toHaveLength(10);
});

describe("at start", () => {
  test("a clock from before this software existed is in doubt until it is set, however long that takes", async () => {
    machine = new ManualClock(0);
    const clock = steady(START_MS);
    await pass(clock, 2 * clock.settleMs);
    expect(clock.doubt).toContain("1970-01-01");
    machine.stepWall(START_MS + 5 * HOUR_MS);
    expect([clock.doubt, clock.isNew]).toEqual([undefined, false]);
    expect(clock.now()).toBe(machine.now());
  });

  test("the same in a new network", () => {
    machine = new ManualClock(0);
    const clock = steady(undefined);
    expect(clock.doubt).toContain("1970-01-01");
    machine.stepWall(START_MS);
    expect([clock.doubt, clock.isSettled]).toEqual([undefined, true]);
  });

  test("one behind the newest entropy is in doubt, and is taken when it stays", async () => {
    const clock = steady(START_MS + 24 * HOUR_MS);
    expect(clock.doubt).toContain("86400 s behind the newest entropy in the store");
    await pass(clock, clock.settleMs);
    expect(clock.isNew).toBe(true);
    expect(clock.now()).toBe(machine.now());
  });

  test("one far ahead of it is taken, but is settled only when it has stayed", async () => {
    const clock = steady(START_MS - 24 * HOUR_MS);
    expect([clock.doubt, clock.isSettled, clock.now()]).toEqual([undefined, false, START_MS]);
    await pass(clock, clock.settleMs - 1000);
    expect(clock.isSettled).toBe(false);
    await pass(clock, 1000);
    expect(clock.isSettled).toBe(true);
  });

  test("a pause shorter than that needs no settling", () => {
    expect(steady(START_MS - 500_000).isSettled).toBe(true);
  });
});

describe("who waits for a clock to trust", () => {
  test("goes on when it is back", async () => {
    const clock = steady();
    machine.stepWall(HOUR_MS);
    let isThrough = false;
    const waiting = clock.trusted().then(() => {
      isThrough = true;
    });
    await pass(clock, 3000);
    expect(isThrough).toBe(false);
    machine.stepWall(-HOUR_MS);
    clock.now();
    await waiting;
    expect(isThrough).toBe(true);
  });

  test("is turned away when too many do, and when the gateway stops", async () => {
    const clock = steady();
    machine.stepWall(HOUR_MS);
    const waiting = Array.from({ length: 10_000 }, () => clock.trusted());
    expect(clock.trusted()).rejects.toThrow("10000 packets wait");
    clock.close();
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  });
});
