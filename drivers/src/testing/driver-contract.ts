import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Driver, LinkLostError } from "../driver.ts";

/** One open driver and the device behind it. Each `feed…` resolves once the driver has dealt with what was fed. */
export interface DriverFixture<R> {
  readonly driver: Driver<R>;
  /** The device sends what makes at least `count` readings; every call goes on where the last one stopped. */
  feedGood(count: number): Promise<void>;
  /** The device sends something that is no frame or a damaged one: it must be counted, and make no reading. */
  feedGarbage(): Promise<void>;
  /** As `feedGood`, but in pieces of `pieceBytes`. Streams only. */
  feedSplit?(count: number, pieceBytes: number): Promise<void>;
  /** The device sends `bytes` bytes that begin like a frame and never end one. Streams only. */
  feedFlood?(bytes: number): Promise<void>;
  /** The device goes away. */
  lose(): void;
  /** How often the driver closed its link or socket. */
  linkCloses(): number;
}

export interface DriverDevice<R> {
  /** Opens a new driver on the device; after `lose()` too. */
  open(): Promise<DriverFixture<R>>;
  /** Readings that the driver holds for a slow consumer, at least 8. */
  capacity: number;
  /** It cannot go away and sends no bytes, as the machine itself: the cases of losses and garbage are left out. */
  isAlwaysThere?: boolean;
  /** Most bytes the driver may hold while it waits for the end of a frame; with `feedFlood`. */
  maxFrameBytes?: number;
}

type Case<R> = (device: DriverDevice<R>) => Promise<void>;

/** What every driver promises (see `Driver`), as tests. Runs under `bun test` and `deno test`. */
export function driverContract<R>(name: string, device: DriverDevice<R>): void {
  describe(`${name} keeps the driver contract`, () => {
    for (const [title, run] of Object.entries<Case<R>>(CASES)) test(title, () => run(device));
    if (device.isAlwaysThere !== true) {
      for (const [title, run] of Object.entries<Case<R>>(LOSS_CASES)) test(title, () => run(device));
    }
    if (device.maxFrameBytes !== undefined) {
      test("a flood without a frame end is not kept", () => floodIsBounded(device));
      test("chunk boundaries do not matter", () => chunksDoNotMatter(device));
    }
  });
}

const CASES = {
  "readings arrive": async (device) => {
    const { driver, feedGood } = await device.open();
    const readings = take(driver, 4);
    await feedGood(4);
    assert.equal((await readings).length, 4);
    assert.ok(driver.counts().frames >= 4);
  },
  "close() ends the iteration once and closes the link once": async (device) => {
    const { driver, feedGood, linkCloses } = await device.open();
    const iterator = driver[Symbol.asyncIterator]();
    await feedGood(1);
    assert.equal((await iterator.next()).done, false);
    await Promise.all([driver.close(), driver.close()]);
    await driver[Symbol.asyncDispose]();
    assert.equal((await iterator.next()).done, true);
    assert.equal((await iterator.next()).done, true);
    assert.equal(linkCloses(), 1);
  },
  "close() ends an iteration that waits": async (device) => {
    const { driver, linkCloses } = await device.open();
    const waiting = driver[Symbol.asyncIterator]().next();
    await driver.close();
    assert.equal((await waiting).done, true);
    assert.equal(linkCloses(), 1);
  },
  "close() before any iteration closes the link": async (device) => {
    const { driver, linkCloses } = await device.open();
    await driver.close();
    assert.deepEqual(await Array.fromAsync(driver), []);
    assert.equal(linkCloses(), 1);
  },
  "break closes the link once": async (device) => {
    const { driver, feedGood, linkCloses } = await device.open();
    await feedGood(2);
    for await (const _ of driver) break;
    assert.equal(linkCloses(), 1);
    await driver.close();
    assert.equal(linkCloses(), 1);
  },
  "an error in the loop closes the link once": async (device) => {
    const { driver, feedGood, linkCloses } = await device.open();
    await feedGood(2);
    const fault = new Error("the consumer's own");
    const loop = (async () => {
      for await (const _ of driver) throw fault;
    })();
    await assert.rejects(loop, fault);
    assert.equal(linkCloses(), 1);
  },
  "it is iterated once": async (device) => {
    const { driver } = await device.open();
    driver[Symbol.asyncIterator]();
    assert.throws(() => driver[Symbol.asyncIterator](), TypeError);
    await driver.close();
  },
} satisfies Record<string, Case<unknown>>;

const LOSS_CASES = {
  "a lost device is a LinkLostError after its last readings": async (device) => {
    const { driver, feedGood, lose, linkCloses } = await device.open();
    await feedGood(3);
    lose();
    const { readings, error } = await drain(driver);
    assert.ok(readings.length >= 3, `${readings.length} readings`);
    assert.ok(error instanceof LinkLostError, String(error));
    await driver.close();
    assert.equal(linkCloses(), 1);
  },
  "a device lost while the consumer waits is a LinkLostError": async (device) => {
    const { driver, lose, linkCloses } = await device.open();
    const result = drain(driver);
    lose();
    assert.ok((await result).error instanceof LinkLostError);
    await driver.close();
    assert.equal(linkCloses(), 1);
  },
  "a lost device can be opened again": async (device) => {
    const first = await device.open();
    first.lose();
    await drain(first.driver);
    const second = await device.open();
    await second.feedGood(2);
    assert.equal((await take(second.driver, 2)).length, 2);
  },
  "garbage is counted and skipped": async (device) => {
    const { driver, feedGood, feedGarbage } = await device.open();
    await feedGood(2);
    const before = refused(driver);
    await feedGarbage();
    assert.ok(refused(driver) > before, "garbage was not counted");
    const { frames } = driver.counts();
    await feedGood(2);
    assert.ok(driver.counts().frames > frames);
    assert.equal((await take(driver, 4)).length, 4);
  },
  "a slow consumer loses the oldest readings, counted": async (device) => {
    const { driver, feedGood, lose } = await device.open();
    await feedGood(device.capacity + 5);
    assert.ok(driver.counts().droppedReadings >= 5, `${driver.counts().droppedReadings} dropped`);
    lose();
    const { length } = (await drain(driver)).readings;
    // A decoder may report one unfinished reading when the device goes away.
    assert.ok(length === device.capacity || length === device.capacity + 1, `${length} readings`);
  },
} satisfies Record<string, Case<unknown>>;

/** Nothing is kept when bytes are counted as skipped while the flood still runs. */
async function floodIsBounded<R>(device: DriverDevice<R>): Promise<void> {
  const { driver, feedGood, feedFlood } = await device.open();
  const floodBytes = 1 << 20;
  await feedFlood?.(floodBytes);
  const heldBytes = floodBytes - driver.counts().garbageBytes;
  assert.ok(heldBytes <= (device.maxFrameBytes ?? 0), `${heldBytes} bytes held`);
  await feedGood(3);
  assert.equal((await take(driver, 2)).length, 2);
}

async function chunksDoNotMatter<R>(device: DriverDevice<R>): Promise<void> {
  const whole = await device.open();
  await whole.feedGood(6);
  const expected = await take(whole.driver, 6);
  for (const pieceBytes of [1, 2, 3, 7, 64, 1000]) {
    const split = await device.open();
    await split.feedSplit?.(6, pieceBytes);
    assert.deepEqual(await take(split.driver, 6), expected, `in pieces of ${pieceBytes} bytes`);
  }
}

/** The first `count` readings; then leaves the iteration, which closes the driver. */
async function take<R>(driver: Driver<R>, count: number): Promise<R[]> {
  const readings: R[] = [];
  for await (const reading of driver) {
    readings.push(reading);
    if (readings.length === count) break;
  }
  return readings;
}

/** All readings up to the end or the error. */
async function drain<R>(driver: Driver<R>): Promise<{ readings: R[]; error?: unknown }> {
  const readings: R[] = [];
  try {
    for await (const reading of driver) readings.push(reading);
    return { readings };
  } catch (error) {
    return { readings, error };
  }
}

function refused(driver: Driver<unknown>): number {
  const { badFrames, garbageBytes } = driver.counts();
  return badFrames + garbageBytes;
}
