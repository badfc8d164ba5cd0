import { expect, test } from "bun:test";
import { LinkLostError } from "../driver.ts";
import { driverContract } from "../testing/driver-contract.ts";
import { MemoryLink } from "../testing/memory-link.ts";
import { type StreamDecoder, streamDriver } from "./stream-driver.ts";

/** The simplest device there is: every 0x01 is a frame, all else is garbage. */
function onesDecoder(): StreamDecoder<number> {
  const counts = { frames: 0, badFrames: 0, garbageBytes: 0 };
  return {
    counts,
    flush: () => [],
    push(bytes) {
      const ones = bytes.filter((byte) => byte === 1).length;
      counts.frames += ones;
      counts.garbageBytes += bytes.length - ones;
      return new Array<number>(ones).fill(1);
    },
  };
}

const CAPACITY = 8;
const ones = (count: number) => new Uint8Array(count).fill(1);

function openOnes() {
  const link = new MemoryLink();
  const driver = streamDriver({ name: "ones", link, decoder: onesDecoder(), capacity: CAPACITY });
  const feed = (bytes: Uint8Array, pieceBytes = bytes.length) => {
    link.pushSplit(bytes, pieceBytes);
    return link.drained();
  };
  return {
    driver,
    feedGood: (count: number) => feed(ones(count)),
    feedGarbage: () => feed(new Uint8Array(3)),
    feedSplit: (count: number, pieceBytes: number) => feed(ones(count), pieceBytes),
    feedFlood: (bytes: number) => feed(new Uint8Array(bytes), 4096),
    lose: () => link.lose(),
    linkCloses: () => link.closeCalls,
  };
}

driverContract("streamDriver", { open: async () => openOnes(), capacity: CAPACITY, maxFrameBytes: 0 });

test("a link that cannot be opened is thrown by the iteration", async () => {
  const link = async () => {
    throw new Error("no such port");
  };
  const driver = streamDriver({ name: "ones", link, decoder: onesDecoder(), capacity: CAPACITY });
  const next = driver[Symbol.asyncIterator]().next();
  await expect(next).rejects.toThrow("Lost ones: no such port");
  await expect(next).rejects.toBeInstanceOf(LinkLostError);
});

test("close() while the link opens gives up opening", async () => {
  const link = (signal?: AbortSignal) =>
    new Promise<MemoryLink>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  const driver = streamDriver({ name: "ones", link, decoder: onesDecoder(), capacity: CAPACITY });
  await driver.close();
  expect(await Array.fromAsync(driver)).toEqual([]);
});

test("a link that opens after close() is closed", async () => {
  const link = new MemoryLink();
  const { promise, resolve } = Promise.withResolvers<MemoryLink>();
  const driver = streamDriver({
    name: "ones",
    link: () => promise,
    decoder: onesDecoder(),
    capacity: CAPACITY,
  });
  const closed = driver.close();
  resolve(link);
  await closed;
  expect(link.closeCalls).toBe(1);
});

test("the greeting is written first", async () => {
  const link = new MemoryLink();
  const decoder = onesDecoder();
  const driver = streamDriver({ name: "ones", link, decoder, capacity: CAPACITY, greeting: ones(2) });
  await link.drained();
  expect(link.written).toEqual([ones(2)]);
  await driver.close();
});
