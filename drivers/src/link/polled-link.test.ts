import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { MemoryLink } from "../testing/memory-link.ts";
import { polledLink } from "./polled-link.ts";

const OPTIONS = {
  ...{ start: [Uint8Array.of(1), Uint8Array.of(2)], request: Uint8Array.of(9), periodMs: 1000 },
};

function setUp() {
  const clock = new ManualClock();
  const written: [atMs: number, byte: number | undefined][] = [];
  const link = new MemoryLink({ onWrite: (bytes) => void written.push([clock.elapsedMs(), bytes[0]]) });
  const open = () => polledLink(link, { clock, ...OPTIONS })();
  return { clock, link, open, written };
}

test("is asked each period from its start on, until it is closed, and no timer is left", async () => {
  const { clock, link, open, written } = setUp();
  const polled = await open();
  await clock.advance(2999);
  expect(written).toEqual([
    [0, 1],
    [0, 2],
    [1000, 9],
    [2000, 9],
  ]);
  await polled.write(Uint8Array.of(7));
  expect(written.at(-1)).toEqual([2999, 7]);
  await polled.close();
  expect(clock.pending).toBe(0);
  await clock.advance(5000);
  expect(written).toHaveLength(5);
  expect(link.closeCalls).toBe(1);
});

test("what comes is handed on, and a loss is told to who reads", async () => {
  const { clock, link, open } = setUp();
  const polled = await open();
  link.push(Uint8Array.of(5));
  const reading = polled[Symbol.asyncIterator]();
  expect((await reading.next()).value).toEqual(Uint8Array.of(5));
  link.lose();
  await expect(reading.next()).rejects.toThrow();
  await clock.advance(5000);
  await polled.close();
  expect(clock.pending).toBe(0);
});
