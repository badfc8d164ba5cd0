import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { ManualClock } from "@earshot/protocol/testing";
import { type ByteLink, type Driver, LinkLostError } from "../src/driver.ts";
import type { GpsReading } from "../src/gps/gps-reading.ts";
import { openNmea } from "../src/gps/nmea.ts";
import { openSerial } from "../src/link/serial-link.ts";
import { bytesOf, epochText } from "./nmea-text.ts";
import { makePtyPair, type PtyPair } from "./pty-pair.ts";

/** What a serial port must do, run under Bun by `serial-link.test.ts` and under Deno by `serial-checks-main.ts`. */
export const serialChecks: Record<string, () => Promise<void>> = {
  "bytes travel both ways unchanged": () =>
    withPair(async (left, right) => {
      await Promise.all([transfer(left, right, 20_000), transfer(right, left, 20_000)]);
    }),

  "close() ends a waiting iteration, twice is once, and the port opens again": async () => {
    await using pair = await makePtyPair();
    for (let round = 0; round < 3; round += 1) {
      const link = await openSerial({ path: pair.paths[0], baudRate: 9600 });
      const waiting = collect(link, 1);
      const closing = [link.close(), link.close()];
      await assert.rejects(link.write(new Uint8Array(1)), LinkLostError);
      await Promise.all(closing);
      assert.equal((await waiting).length, 0);
    }
  },

  "a write that the other end never takes is given up by close()": async () => {
    await using pair = await makePtyPair();
    const link = await openSerial({ path: pair.paths[0], baudRate: 9600 });
    const given = link.write(new Uint8Array(1_000_000)).catch((error: unknown) => error);
    await link.close();
    assert.ok((await given) instanceof LinkLostError);
  },

  "an unplugged port is a LinkLostError that names it": async () => {
    await using pair = await makePtyPair();
    const link = await openSerial({ path: pair.paths[0], baudRate: 9600 });
    const waiting = collect(link, 1).catch((error: unknown) => error);
    await pair.unplug();
    const error = await waiting;
    assert.ok(error instanceof LinkLostError);
    assert.equal(error.message, `Lost serial port ${pair.paths[0]}: it was unplugged`);
    await assert.rejects(link.write(new Uint8Array(1)), LinkLostError);
    await link.close();
    await assert.rejects(openSerial({ path: pair.paths[0], baudRate: 9600 }), LinkLostError);
  },

  "a receiver on the port is read, lost when unplugged, and read again": async () => {
    for (const second of [10, 20]) {
      await using pair = await makePtyPair();
      const device = await openSerial({ path: pair.paths[1], baudRate: 9600 });
      const port = () => openSerial({ path: pair.paths[0], baudRate: 9600 });
      const driver = openNmea(port, { clock: new ManualClock() });
      const heard = secondsUntilLost(driver, () => pair.unplug());
      // The port is set up, and what came before forgotten, while the driver opens it.
      while (driver.counts().frames === 0) await device.write(bytesOf(epochText(second)));
      await device.write(bytesOf(epochText(second + 1) + epochText(second + 2)));
      assert.deepEqual([...new Set(await heard)], [second, second + 1, second + 2]);
      await device.close();
    }
  },

  "24 ports at once: every port is heard and files can still be read": async () => {
    await using pairs = new AsyncDisposableStack();
    const made = await Promise.all(Array.from({ length: 12 }, makePtyPair));
    for (const pair of made) pairs.use(pair);
    const links = await Promise.all(made.map(openBoth));
    const heard = links.flatMap(([left, right]) => [collect(left, 3000), collect(right, 3000)]);
    await readFile(new URL(import.meta.url));
    await Promise.all(links.flat().map((link, index) => link.write(new Uint8Array(3000).fill(index))));
    for (const [index, bytes] of (await Promise.all(heard)).entries()) {
      assert.deepEqual(bytes, new Uint8Array(3000).fill(index ^ 1));
    }
    await Promise.all(links.flat().map((link) => link.close()));
  },
};

/** Seconds of the readings; unplugs once the last but one was reported and returns when the driver says it is lost. */
async function secondsUntilLost(driver: Driver<GpsReading>, unplug: () => Promise<void>): Promise<number[]> {
  const seconds: number[] = [];
  try {
    for await (const { timeMs = 0, latDeg } of driver) {
      assert.ok(latDeg !== undefined);
      seconds.push((timeMs / 1000) % 60);
      if (seconds.at(-1)! % 10 === 1) await unplug();
    }
  } catch (error) {
    assert.ok(error instanceof LinkLostError);
  }
  return seconds;
}

function openBoth(pair: PtyPair): Promise<[ByteLink, ByteLink]> {
  const [left, right] = pair.paths;
  return Promise.all([
    openSerial({ path: left, baudRate: 115_200 }),
    openSerial({ path: right, baudRate: 115_200 }),
  ]);
}

async function withPair(check: (left: ByteLink, right: ByteLink) => Promise<void>): Promise<void> {
  await using pair = await makePtyPair();
  const [left, right] = await openBoth(pair);
  await check(left, right);
  await Promise.all([left.close(), right.close()]);
}

async function transfer(from: ByteLink, to: ByteLink, length: number): Promise<void> {
  const sent = Uint8Array.from({ length }, (_, at) => (at * 31) ^ (at >> 8));
  const received = collect(to, length);
  for (let at = 0; at < length; at += 1000) await from.write(sent.subarray(at, at + 1000));
  assert.deepEqual(await received, sent);
}

/** Takes `length` bytes, or fewer when the link is closed before; leaves the link open. */
async function collect(link: ByteLink, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const chunks = link[Symbol.asyncIterator]();
  let filled = 0;
  while (filled < length) {
    const { done, value } = await chunks.next();
    if (done) break;
    bytes.set(value, filled);
    filled += value.length;
  }
  return bytes.subarray(0, filled);
}
