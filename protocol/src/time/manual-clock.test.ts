import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ManualClock } from "./manual-clock.ts";

test("time stands still until it is advanced", async () => {
  const clock = new ManualClock(1000);
  expect(clock.now()).toBe(1000);
  await clock.advance(250);
  expect(clock.now()).toBe(1250);
});

test("a step of the wall clock passes no time: elapsed time and sleepers go on as before", async () => {
  const clock = new ManualClock(1000);
  let isAwake = false;
  const sleeping = clock.sleep(50).then(() => {
    isAwake = true;
  });
  await clock.advance(20);
  clock.stepWall(86_400_000);
  expect(clock.now()).toBe(86_401_020);
  expect(clock.elapsedMs()).toBe(20);
  await clock.advance(29);
  expect(isAwake).toBe(false);
  clock.stepWall(-90_000_000);
  await clock.advance(1);
  expect(isAwake).toBe(true);
  expect(clock.now()).toBe(1050 - 3_600_000);
  expect(clock.elapsedMs()).toBe(50);
  await sleeping;
});

describe("sleepers", () => {
  test("wake at their time, ordered by it and then by who slept first", async () => {
    const clock = new ManualClock(0);
    const woken: string[] = [];
    const sleep = async (name: string, ms: number) => {
      await clock.sleep(ms);
      woken.push(`${name}@${clock.now()}`);
    };
    const all = [
      sleep("late", 20),
      sleep("first", 10),
      sleep("second", 10),
      sleep("now", 0),
      sleep("past", -5),
    ];
    expect(clock.pending).toBe(5);
    await clock.advance(0);
    expect(woken).toEqual(["now@0", "past@0"]);
    await clock.advance(9);
    expect(woken).toHaveLength(2);
    await clock.advance(100);
    expect(woken.slice(2)).toEqual(["first@10", "second@10", "late@20"]);
    expect(clock.now()).toBe(109);
    expect(clock.pending).toBe(0);
    await Promise.all(all);
  });

  test("one that sleeps again on the way is woken on the way", async () => {
    const clock = new ManualClock(0);
    const ticks: number[] = [];
    const run = async () => {
      while (ticks.length < 5) {
        await clock.sleep(10);
        ticks.push(clock.now());
      }
    };
    const done = run();
    await clock.advance(1000);
    expect(ticks).toEqual([10, 20, 30, 40, 50]);
    await done;
  });

  test("all that a waking causes is done before the next one wakes", async () => {
    const clock = new ManualClock(0);
    const log: string[] = [];
    const worker = async (name: string) => {
      await clock.sleep(10);
      for (let i = 0; i < 20; i++) await Promise.resolve();
      log.push(`${name} worked at ${clock.now()}`);
    };
    const all = [worker("a"), worker("b")];
    const later = clock.sleep(11).then(() => log.push("later"));
    await clock.advance(11);
    expect(log).toEqual(["a worked at 10", "b worked at 10", "later"]);
    await Promise.all([...all, later]);
  });

  test("any schedule wakes in order of due time", async () => {
    const delays = fc.array(fc.nat({ max: 50 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(delays, async (schedule) => {
        const clock = new ManualClock(0);
        const woken: number[] = [];
        const all = schedule.map((ms, i) => clock.sleep(ms).then(() => woken.push(i)));
        await clock.advance(50);
        const expected = schedule
          .map((_, i) => i)
          .sort((a, b) => (schedule[a] as number) - (schedule[b] as number) || a - b);
        expect(woken).toEqual(expected);
        await Promise.all(all);
      }),
      { numRuns: 30 },
    );
  });
});

describe("aborting", () => {
  test("rejects with the reason and leaves no sleeper", async () => {
    const clock = new ManualClock(0);
    const controller = new AbortController();
    const sleeping = clock.sleep(1000, controller.signal);
    const other = clock.sleep(2000);
    const reason = new Error("shut down");
    controller.abort(reason);
    expect(clock.pending).toBe(1);
    await expect(sleeping).rejects.toBe(reason);
    await clock.advance(2000);
    await other;
  });

  test("an aborted signal never sleeps", async () => {
    const clock = new ManualClock(0);
    await expect(clock.sleep(1, AbortSignal.abort("gone"))).rejects.toBe("gone");
    expect(clock.pending).toBe(0);
  });

  test("after waking, the signal is let go", async () => {
    const clock = new ManualClock(0);
    const controller = new AbortController();
    const sleeping = clock.sleep(1, controller.signal);
    await clock.advance(1);
    await sleeping;
    controller.abort();
    expect(clock.pending).toBe(0);
  });
});

describe("resolve", () => {
  test("advances just as far as the promise needs", async () => {
    const clock = new ManualClock(0);
    const work = async () => {
      await clock.sleep(10);
      await clock.sleep(30);
      return "done";
    };
    const never = clock.sleep(1_000_000);
    expect(await clock.resolve(work())).toBe("done");
    expect(clock.now()).toBe(40);
    await clock.advance(1_000_000);
    await never;
  });

  test("hands on a rejection", async () => {
    const clock = new ManualClock(0);
    const failing = clock.sleep(5).then(() => Promise.reject(new Error("broken")));
    await expect(clock.resolve(failing)).rejects.toThrow("broken");
  });

  test("gives up after its limit, and when nothing could wake", async () => {
    const clock = new ManualClock(0);
    const tick = async () => {
      for (;;) await clock.sleep(100);
    };
    void tick();
    await expect(clock.resolve(new Promise(() => {}), 1000)).rejects.toThrow("still pending after 1000 ms");
    expect(clock.now()).toBe(1000);
    await expect(new ManualClock().resolve(new Promise(() => {}))).rejects.toThrow("still pending");
  });
});
