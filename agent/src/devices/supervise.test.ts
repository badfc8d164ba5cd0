import { expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import { type Driver, type DriverCounts, LinkLostError, ReadingQueue } from "@earshot/drivers";
import { testContext } from "../testing/core-context.ts";
import { supervise } from "./supervise.ts";

const NOTHING: DriverCounts = { frames: 0, badFrames: 0, garbageBytes: 0, droppedReadings: 0 };
const LIMIT_MS = 60_000;

/** A device that should speak, kept open. */
async function kept(counts: Partial<DriverCounts> = {}) {
  const { context, clock } = testContext();
  const { links } = context.board;
  const open: ReadingQueue<number>[] = [];
  let opens = 0;
  const openDevice = async (): Promise<Driver<number>> => {
    const queue = new ReadingQueue<number>({ capacity: 8 });
    open.push(queue);
    opens += 1;
    const close = async () => {
      queue.end();
      if (open.includes(queue)) open.splice(open.indexOf(queue), 1);
    };
    return {
      ...{ name: "device", counts: () => ({ ...NOTHING, ...counts }), close },
      [Symbol.asyncDispose]: close,
      [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
    };
  };
  const stop = new AbortController();
  const running = supervise<number, Driver<number>>(
    context,
    {
      ...{ key: "gps", open: openDevice, onReading: () => {}, silenceLimitMs: LIMIT_MS },
      probe: (driver) => ({ name: driver.name, counts: () => driver.counts() }),
    },
    stop.signal,
  );
  await clock.advance(0);
  const end = async () => {
    stop.abort();
    await clock.resolve(running, 0);
    expect(open).toEqual([]);
    expect(clock.pending).toBe(0);
  };
  return { clock, end, links, open, opens: () => opens, stop };
}

test("one that says nothing for its limit is closed, and opened again", async () => {
  const { clock, end, links, open, opens } = await kept();
  await clock.advance(10_000);
  open[0]?.push(1);
  await clock.advance(LIMIT_MS - 1);
  expect(links.get("gps").state).toBe("ok");
  await clock.advance(1);
  expect(links.get("gps")).toMatchObject({
    ...{ state: "lost", reason: "It said nothing for 60 s", trouble: "silent" },
  });
  expect(open).toEqual([]);
  await clock.advance(1000);
  expect(opens()).toBe(2);
  await end();
});

test.each([
  [{}, "It said nothing for 60 s"],
  [{ frames: 3 }, "It sends, but nothing that measures for 60 s: 3 good frames, 0 damaged, 0 stray bytes"],
  [
    { badFrames: 3 },
    "It sends, but nothing that could be read for 60 s: 0 good frames, 3 damaged, 0 stray bytes",
  ],
  [
    { garbageBytes: 3 },
    "It sends, but nothing that could be read for 60 s: 0 good frames, 0 damaged, 3 stray bytes",
  ],
  [
    { frames: 2, badFrames: 2 },
    "It sends, but nothing that measures for 60 s: 2 good frames, 2 damaged, 0 stray bytes",
  ],
  [
    { badFrames: 2, garbageBytes: 2 },
    "It sends, but nothing that could be read for 60 s: 0 good frames, 2 damaged, 2 stray bytes",
  ],
])("a silence of one that counted %p is told as what it is", async (counts, reason) => {
  const { clock, end, links } = await kept(counts);
  await clock.advance(LIMIT_MS);
  expect(links.get("gps").reason).toBe(reason);
  await end();
});

test("however often it is lost, nothing is left that waits or listens", async () => {
  const { clock, end, open, opens, stop } = await kept();
  const left = () => [clock.pending, getEventListeners(stop.signal, "abort").length];
  const leftByOne = left();
  for (let i = 0; i < 20; i++) {
    const queue = open[0];
    queue?.push(1);
    if (i % 2 === 0) queue?.fail(new LinkLostError("unplugged"));
    else queue?.end();
    await clock.advance(30_000);
  }
  expect(opens()).toBe(21);
  expect(left()).toEqual(leftByOne);
  await end();
});

test("one that may be silent is there once it is open: searched for after a loss, and not put back when it works", async () => {
  const { context, clock } = testContext();
  const { links } = context.board;
  let queue = new ReadingQueue<number>({ capacity: 8 });
  const states: string[] = [];
  const stop = new AbortController();
  const running = supervise<number, Driver<number>>(
    context,
    {
      key: "radio",
      open: async () => {
        queue = new ReadingQueue<number>({ capacity: 8 });
        const close = async () => queue.end();
        return {
          ...{ name: "device", counts: () => NOTHING, close, [Symbol.asyncDispose]: close },
          [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
        };
      },
      onChange: (device) => void (device !== undefined && states.push(links.get("radio").state)),
      onReading: () => {},
      probe: (driver) => ({ name: driver.name, counts: () => driver.counts() }),
    },
    stop.signal,
  );
  await clock.advance(0);
  queue.push(1);
  await clock.advance(0);
  expect(links.get("radio").state).toBe("ok");
  queue.fail(new LinkLostError("unplugged"));
  await clock.advance(0);
  expect(links.get("radio")).toMatchObject({ state: "lost", reason: "unplugged" });
  await clock.advance(1000);
  links.set("radio", "ok", clock.elapsedMs());
  queue.end();
  await clock.advance(30_000);
  // At first nobody has missed it yet.
  expect(states).toEqual(["searching", "searching", "searching"]);
  stop.abort();
  await clock.resolve(running, 0);
});
