import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { driverContract } from "../testing/driver-contract.ts";
import { MemoryLink } from "../testing/memory-link.ts";
import { TEST_SENSORS, type TestSensor } from "./test-sensors.ts";

const CAPACITY = 16;
const NOW_MS = Date.UTC(2026, 2, 1);

const join = (parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

for (const [name, sensor] of Object.entries(TEST_SENSORS)) {
  driverContract(name, {
    capacity: CAPACITY,
    maxFrameBytes: sensor.maxFrameBytes,
    async open() {
      const link = new MemoryLink();
      const driver = sensor.open(link, { clock: new ManualClock(NOW_MS), capacity: CAPACITY });
      let next = 0;
      const frames = (count: number) => join(Array.from({ length: count }, () => sensor.frame(next++)));
      const feed = (bytes: Uint8Array, pieceBytes = bytes.length) => {
        link.pushSplit(bytes, pieceBytes);
        return link.drained();
      };
      return {
        driver,
        feedGood: (count) => feed(frames(count)),
        feedGarbage: () => feed(sensor.garbage),
        feedSplit: (count, pieceBytes) => feed(frames(count), pieceBytes),
        // The end of the line that a flood of text would else make of the next good one.
        feedFlood: (bytes) => feed(join([sensor.flood(bytes - 1), Uint8Array.of(0x0a)]), 4096),
        lose: () => link.lose(),
        linkCloses: () => link.closeCalls,
      };
    },
  });

  test(`${name}: whatever lies before a good frame, in whatever pieces, the one after it comes out`, () =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 600 }),
        fc.integer({ min: 1, max: 64 }),
        async (junk, pieceBytes) => {
          const link = new MemoryLink();
          const driver = sensor.open(link, { clock: new ManualClock(NOW_MS), capacity: 1000 });
          const good = join(Array.from({ length: 20 }, (_, i) => sensor.frame(i)));
          link.pushSplit(join([junk, Uint8Array.of(0x0a), good]), pieceBytes);
          await link.drained();
          const { garbageBytes } = driver.counts();
          link.lose();
          const readings = await drained(driver);
          const [quantity, value] = sensor.expected(19);
          expect(readings.at(-1)?.quantities[quantity]).toBeCloseTo(value, 4);
          expect(garbageBytes).toBeLessThanOrEqual(junk.length + good.length + 1);
        },
      ),
      { numRuns: 60 },
    ));
}

async function drained(driver: ReturnType<TestSensor["open"]>) {
  const readings = [];
  try {
    for await (const reading of driver) readings.push(reading);
  } catch {
    // The link was lost, as it should be.
  }
  return readings;
}
