import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { MemoryLink } from "../testing/memory-link.ts";
import { PassiveListener } from "./passive-listener.ts";

const never = new AbortController().signal;

function setUp() {
  const clock = new ManualClock();
  const link = new MemoryLink();
  const listener = new PassiveListener(link, clock);
  const say = async (...bytes: number[]) => {
    link.push(Uint8Array.from(bytes));
    await link.drained();
  };
  return { clock, link, listener, say };
}

const three = (heard: Uint8Array) => (heard.length >= 3 ? heard.length : undefined);

test("waits until what it heard makes sense, and no longer", async () => {
  const { clock, listener, say } = setUp();
  const waiting = listener.waitFor(1000, three, never);
  await say(1, 2);
  await clock.advance(500);
  await say(3, 4);
  expect(await waiting).toBe(4);
  expect(clock.elapsedMs()).toBe(500);
  await clock.advance(0);
  expect(clock.pending).toBe(0);
  // At once where it makes sense already.
  expect(await listener.waitFor(1000, three, never)).toBe(4);
  listener.clear();
  expect(listener.heard).toHaveLength(0);
});

test("gives up when the time is over, when it is told to, and when the link is gone", async () => {
  const late = setUp();
  const waiting = late.listener.waitFor(1000, three, never);
  await late.say(1);
  expect(await late.clock.resolve(waiting)).toBeUndefined();
  expect(late.clock.elapsedMs()).toBe(1000);

  const stopped = setUp();
  const stop = new AbortController();
  const stopping = stopped.listener.waitFor(1000, three, stop.signal);
  stop.abort();
  expect(await stopping).toBeUndefined();

  const lost = setUp();
  const losing = lost.listener.waitFor(1000, three, never);
  lost.link.lose();
  expect(await losing).toBeUndefined();
  expect(lost.listener.lost).toBeDefined();
  await lost.listener.ended();
  expect(lost.clock.elapsedMs()).toBe(0);
});

test("nothing heard is not asked what it is, and of a flood 16 KiB are kept", async () => {
  const { clock, link, listener } = setUp();
  const asked: number[] = [];
  const note = (heard: Uint8Array) => void asked.push(heard.length);
  await clock.resolve(listener.waitFor(10, note, never));
  expect(asked).toEqual([]);
  link.pushSplit(new Uint8Array(20_000), 1000);
  await link.drained();
  expect(listener.heard).toHaveLength(16_384);
});
