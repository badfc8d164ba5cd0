import { afterEach, expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import type { ManualClock } from "@earshot/protocol/testing";
import type { IncomingMessage, OpenPublisher } from "../publisher/publisher.ts";
import { testContext } from "../testing/core-context.ts";
import { FakeBroker } from "../testing/fake-broker.ts";
import { Wakeup } from "../time/wakeup.ts";
import { keepSession } from "./keep-session.ts";

let end = async (): Promise<void> => {};
afterEach(() => end());

/** A session that is kept, by itself: no device, and nothing to publish but what the test adds. */
async function setUp({ open }: { open?: (broker: FakeBroker, clock: ManualClock) => OpenPublisher } = {}) {
  const { context, clock, logged } = testContext();
  const { board, outbox } = context;
  const broker = new FakeBroker();
  const taken: IncomingMessage[] = [];
  const parts = {
    openPublisher: open?.(broker, clock) ?? broker.open,
    inbox: { handle: (message: IncomingMessage) => void taken.push(message) },
    connected: new Wakeup(),
  };
  const stop = new AbortController();
  const running = keepSession(context, parts, stop.signal);
  end = async () => {
    stop.abort();
    await clock.resolve(running);
    expect(clock.pending).toBe(0);
  };
  await clock.advance(0);
  const loseAndFind = () => {
    broker.lose();
    broker.isReachable = true;
  };
  return { clock, broker, board, context, logged, loseAndFind, outbox, running, stop, taken };
}

test("what the broker sends is heard from it, and once it has been there for 10 min, it comes and goes no more", async () => {
  const { clock, broker, board, logged, loseAndFind, taken } = await setUp();
  const lastMs = () =>
    board.links.facts("broker", { nowMs: clock.elapsedMs(), elapsedMs: clock.elapsedMs() }).lastAtMs;
  for (let i = 0; i < 3; i++) {
    loseAndFind();
    await clock.advance(10_000);
  }
  await clock.advance(600_000);
  expect(logged.at(-1)).toBe("warn the session with the broker comes and goes; told once an hour");
  broker.send("topic", Uint8Array.of(7));
  await clock.advance(0);
  expect(taken).toEqual([{ topic: "topic", bytes: Uint8Array.of(7) }]);
  expect(lastMs()).toBe(clock.elapsedMs());
  expect(logged.at(-1)).toBe("info the session with the broker comes and goes no more");
});

test("a session is begun when the one before is closed, however long that takes", async () => {
  const open: string[] = [];
  const { clock, loseAndFind } = await setUp({
    open: (broker, clock) => async (options, signal) => {
      const publisher = await broker.open(options, signal);
      open.push("opened");
      const close = async () => {
        await publisher.close();
        await clock.sleep(20_000);
        open.push("closed");
      };
      let closing: Promise<void> | undefined;
      return {
        receiveMaximum: 1,
        publish: (topic, bytes) => publisher.publish(topic, bytes),
        close: () => (closing ??= close()),
        [Symbol.asyncIterator]: () => publisher[Symbol.asyncIterator](),
      };
    },
  });
  loseAndFind();
  await clock.advance(19_999);
  expect(open).toEqual(["opened"]);
  await clock.advance(10_000);
  expect(open).toEqual(["opened", "closed", "opened"]);
});

test("a session that is no suspicious one has nothing said against it", async () => {
  const { clock, board, loseAndFind } = await setUp();
  expect(board.links.get("broker")).not.toHaveProperty("reason");
  loseAndFind();
  await clock.advance(10_000);
  expect(board.links.get("broker")).not.toHaveProperty("reason");
});

test("stopping waits for no packet that the broker does not acknowledge", async () => {
  const { clock, broker, context, outbox, running, stop } = await setUp();
  broker.isAcknowledging = false;
  await clock.resolve(outbox.add("witness", () => Uint8Array.of(1)));
  context.toPublish.notify();
  await clock.advance(1000);
  expect(broker.mostOnTheWay).toBe(1);
  stop.abort();
  await clock.resolve(running, 0);
});

test("however many sessions there are, the signal to stop has as many listeners as with one", async () => {
  const { clock, loseAndFind, stop } = await setUp();
  const listeners = () => getEventListeners(stop.signal, "abort").length;
  const withOne = listeners();
  for (let i = 0; i < 20; i++) {
    loseAndFind();
    await clock.advance(60_000);
  }
  expect(listeners()).toBe(withOne);
});

test("three sessions in a row that end within 30 s are another box, two are not, nor three that lasted so long", async () => {
  const { clock, board, loseAndFind } = await setUp();
  const isAnotherBoxAfter = async (lastedMs: number) => {
    await clock.advance(lastedMs);
    loseAndFind();
    await clock.advance(0);
    const reason = board.links.get("broker").reason ?? "";
    while (board.links.get("broker").state !== "ok") await clock.advance(1);
    return reason.includes("another box may use this key");
  };
  const after = async (...lastedMs: number[]) => {
    const told: boolean[] = [];
    for (const ms of lastedMs) told.push(await isAnotherBoxAfter(ms));
    return told;
  };
  expect(await after(30_000, 30_000, 30_000)).toEqual([false, false, false]);
  expect(await after(29_999, 29_999, 29_999)).toEqual([false, false, true]);
});
