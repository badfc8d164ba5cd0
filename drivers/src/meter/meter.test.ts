import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { LinkLostError } from "../driver.ts";
import { driverContract } from "../testing/driver-contract.ts";
import { MemoryLink } from "../testing/memory-link.ts";
import { type MeterDriver, type OpenModbusRtuOptions, openModbusRtu, openModbusTcp } from "./meter.ts";
import { fillSdm120, type MeterFault, TestMeter } from "./test-meter.ts";

const CAPACITY = 16;
const PERIOD_MS = 10_000;
const START_MS = Date.UTC(2026, 2, 1);

type FramingName = "rtu" | "tcp";

/** What `fillSdm120` makes of it. */
const SDM120_VALUES = {
  voltage_v: 230,
  current_a: 4.5,
  power_w: 1000,
  apparent_power_va: 1035,
  reactive_power_var: -12,
  power_factor: 0.966,
  frequency_hz: 50,
  energy_wh: 12_500,
  energy_exported_wh: 250,
};

/** A driver and the meter it asks; the meter answers in pieces of `pieceBytes`, with `junk` before its answers. */
function bench(framing: FramingName, options: Partial<OpenModbusRtuOptions> = {}, junk: Uint8Array[] = []) {
  const meter = new TestMeter({ framing });
  fillSdm120(meter);
  const clock = new ManualClock(START_MS);
  const pace = { pieceBytes: 1000 };
  const onWrite = (bytes: Uint8Array, link: MemoryLink) => {
    const sent = Uint8Array.of(...(junk.shift() ?? []), ...meter.answer(bytes));
    link.pushSplit(sent, pace.pieceBytes);
  };
  const link = new MemoryLink({ onWrite });
  const open = framing === "rtu" ? openModbusRtu : openModbusTcp;
  const driver = open(link, {
    clock,
    unit: 1,
    map: "sdm120",
    periodMs: PERIOD_MS,
    capacity: CAPACITY,
    ...options,
  });
  return { meter, clock, link, driver, pace };
}

for (const framing of ["rtu", "tcp"] as const) {
  driverContract(`Modbus ${framing}`, {
    capacity: CAPACITY,
    maxFrameBytes: 260,
    async open() {
      const { meter, clock, link, driver, pace } = bench(framing, { maxSilentPeriods: 1000 });
      meter.habit = "silence";
      const feedGood = async (count: number) => {
        meter.habit = undefined;
        const { readings } = driver.state();
        while (driver.state().readings < readings + count) await clock.advance(PERIOD_MS / 4);
        meter.habit = "silence";
      };
      return {
        driver,
        feedGood,
        async feedGarbage() {
          link.push(Uint8Array.of(1, 4, 64, 9, 9));
          await link.drained();
        },
        feedSplit(count, pieceBytes) {
          pace.pieceBytes = pieceBytes;
          return feedGood(count);
        },
        async feedFlood(bytes) {
          const head = framing === "rtu" ? [1, 4, 64] : [0, 1, 0, 0, 0, 250];
          link.pushSplit(
            new Uint8Array(bytes).map((_, i) => head[i % 300] ?? 0x55),
            4096,
          );
          await link.drained();
        },
        lose: () => link.lose(),
        linkCloses: () => link.closeCalls,
      };
    },
  });

  describe(`an SDM120 over Modbus ${framing}`, () => {
    test("is read at once, with few requests, then every period", async () => {
      const { meter, clock, driver } = bench(framing);
      const readings = driver[Symbol.asyncIterator]();
      await clock.advance(10);
      expect((await readings.next()).value?.quantities).toEqual(SDM120_VALUES);
      expect(meter.heard).toEqual([
        [4, 0, 32],
        [4, 70, 6],
      ]);
      await clock.advance(PERIOD_MS);
      expect((await readings.next()).value?.atMs).toBeWithin(START_MS + PERIOD_MS, START_MS + PERIOD_MS + 50);
      await driver.close();
      expect(clock.pending).toBe(0);
    });

    test.each<MeterFault>(["noise", "other-unit", "wrong-crc", "truncated", "silence", "other-length"])(
      "%s costs no reading",
      async (fault) => {
        const { meter, clock, driver } = bench(framing);
        meter.faults.push(fault, fault);
        await clock.advance(PERIOD_MS - 1);
        expect(driver.state().readings).toBe(1);
        const reading = await driver[Symbol.asyncIterator]().next();
        expect(Object.keys(reading.value?.quantities ?? {})).toHaveLength(9);
        const { badFrames, garbageBytes, timeouts } = driver.state();
        const isTold = badFrames + garbageBytes + timeouts > 0;
        // A wrong checksum is none over TCP, where there is no checksum.
        expect(isTold).toBe(framing === "rtu" || fault !== "wrong-crc");
        await driver.close();
        expect(clock.pending).toBe(0);
      },
    );

    test("an exception that passes costs its registers, and is counted", async () => {
      const { meter, clock, driver } = bench(framing);
      meter.faults.push({ exception: 6 });
      await clock.advance(PERIOD_MS - 1);
      const reading = await driver[Symbol.asyncIterator]().next();
      expect(Object.keys(reading.value?.quantities ?? {})).toEqual([
        "frequency_hz",
        "energy_wh",
        "energy_exported_wh",
      ]);
      expect(driver.state()).toMatchObject({ exceptions: 1, answers: 2, refused: [], silentPeriods: 0 });
      await driver.close();
    });

    test("registers refused together are asked for one by one, and what it has not is left out", async () => {
      const { meter, clock, driver } = bench(framing);
      meter.faults.push({ exception: 2 });
      await clock.advance(PERIOD_MS - 1);
      meter.heard.length = 0;
      meter.faults.push({ exception: 2 });
      await clock.advance(PERIOD_MS);
      expect(meter.heard).toHaveLength(7);
      expect(driver.state().refused).toEqual(["voltage_v"]);
      await clock.advance(PERIOD_MS);
      expect(meter.heard).toHaveLength(13);
      await driver.close();
    });

    test("a meter that refuses everything is lost, with the reason", async () => {
      const { meter, clock, driver } = bench(framing);
      meter.habit = { exception: 1 };
      const lost = errorOf(driver);
      await clock.advance(3 * PERIOD_MS);
      expect(await lost).toMatch(/Eastron SDM120 at unit 1, .* refuses every register \(illegal-function\)/);
    });

    test("one that says nothing is lost after five periods, named with its unit", async () => {
      const { meter, clock, driver, link } = bench(framing);
      meter.habit = "silence";
      const lost = errorOf(driver);
      await clock.advance(4 * PERIOD_MS);
      expect(driver.state()).toMatchObject({ silentPeriods: 4, timeouts: 12, answers: 0 });
      await clock.advance(PERIOD_MS);
      const where = framing === "rtu" ? "unit 1, 9600 baud" : "unit 1, Modbus TCP";
      expect(await lost).toStartWith(
        `Eastron SDM120 at ${where} has not answered for 5 periods of 10 s; nothing`,
      );
      expect(link.closeCalls).toBe(1);
      expect(clock.pending).toBe(0);
    });

    test("one that speaks at another baud rate is lost, and the bytes of it are told", async () => {
      const { meter, clock, driver, link } = bench(framing);
      meter.habit = "silence";
      const lost = errorOf(driver);
      for (let period = 0; period < 5; period += 1) {
        link.push(Uint8Array.of(0xf8, 0xfe, 0, 0xc0));
        await clock.advance(PERIOD_MS);
      }
      expect(await lost).toContain("periods of 10 s; 20 bytes came that are no answer: check the baud rate");
    });

    test("silence is forgotten with the first answer", async () => {
      const { meter, clock, driver } = bench(framing);
      meter.habit = "silence";
      await clock.advance(4 * PERIOD_MS);
      meter.habit = undefined;
      await clock.advance(PERIOD_MS);
      expect(driver.state().silentPeriods).toBe(0);
      await driver.close();
    });

    test("whatever comes with the answers, in whatever pieces: values are right or absent", () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
          fc.integer({ min: 1, max: 50 }),
          async (junk, pieceBytes) => {
            const { clock, driver, pace } = bench(framing, { maxSilentPeriods: 100 }, junk);
            pace.pieceBytes = pieceBytes;
            while (junk.length > 0) await clock.advance(PERIOD_MS);
            await clock.advance(2 * PERIOD_MS);
            const { readings } = driver.state();
            const iterator = driver[Symbol.asyncIterator]();
            const reported = await Array.fromAsync({ length: Math.min(readings, CAPACITY) }, () =>
              iterator.next(),
            );
            for (const { value } of reported) expect(SDM120_VALUES).toMatchObject(value?.quantities ?? {});
            expect(reported.at(-1)?.value?.quantities).toEqual(SDM120_VALUES);
            await driver.close();
            expect(clock.pending).toBe(0);
          },
        ),
        { numRuns: 60 },
      ));
  });
}

test("an adapter that hears itself: the echo is passed over and counted", async () => {
  const { meter, clock, driver } = bench("rtu");
  meter.habit = "echo";
  await clock.advance(PERIOD_MS - 1);
  expect(driver.state()).toMatchObject({ readings: 1, garbageBytes: 16, badFrames: 0, timeouts: 0 });
  await driver.close();
});

test("TCP: a late answer to an earlier request is passed over", async () => {
  const { meter, clock, driver } = bench("tcp");
  meter.faults.push("other-transaction");
  await clock.advance(PERIOD_MS - 1);
  expect(driver.state()).toMatchObject({ readings: 1, garbageBytes: 9 + 64, timeouts: 0 });
  await driver.close();
});

test("RTU: after a time-out the next request waits until a late answer has passed", async () => {
  const { meter, clock, driver, link } = bench("rtu", { retries: 1, timeoutMs: 706 });
  meter.faults.push("silence");
  await clock.advance(1100);
  expect(meter.heard).toHaveLength(2);
  // The answer to the first attempt, as long as one to anything else.
  link.push(new TestMeter({ framing: "rtu" }).answer(new Uint8Array(8)));
  await clock.advance(2000);
  expect(meter.heard.map(([, address]) => address)).toEqual([0, 0, 70]);
  await driver.close();
});

test("TCP: after a time-out nothing is waited for: a late answer names its transaction", async () => {
  const { meter, clock, driver } = bench("tcp", { retries: 0, timeoutMs: 700 });
  meter.faults.push("silence");
  await clock.advance(PERIOD_MS + 50);
  expect(meter.heard.map(([, address]) => address)).toEqual([0, 0, 70]);
  await driver.close();
});

test("a gateway whose meter does not answer counts as silence", async () => {
  const { meter, clock, driver } = bench("tcp", { maxSilentPeriods: 2 });
  meter.habit = { exception: 11 };
  const lost = errorOf(driver);
  await clock.advance(2 * PERIOD_MS);
  expect(await lost).toContain("has not answered for 2 periods");
});

test("energy goes on over a new meter and a restart", async () => {
  const { meter, clock, driver } = bench("rtu");
  await clock.advance(PERIOD_MS - 1);
  fillSdm120(meter, 230, 0.001);
  await clock.advance(PERIOD_MS);
  expect(driver.state().energyEvents).toEqual({ rollover: 0, reset: 1, "stepped-back": 0, jump: 0 });
  const { energy } = driver.state();
  expect(energy.energy_wh).toMatchObject({ totalWh: 12_501, rawWh: 1 });
  await driver.close();

  const again = bench("rtu", { energy });
  fillSdm120(again.meter, 230, 0.003);
  await again.clock.advance(PERIOD_MS - 1);
  const reading = await again.driver[Symbol.asyncIterator]().next();
  expect(reading.value?.quantities.energy_wh).toBe(12_503);
  await again.driver.close();
});

test.each<[Partial<OpenModbusRtuOptions>, string]>([
  [{ unit: 0 }, "Unit is 0; allowed are whole numbers from 1 to 247"],
  [{ baudRate: 5 }, "Baud rate is 5; allowed are whole numbers from 300 to 1000000"],
  [{ periodMs: 0.5 }, "Period in ms is 0.5"],
  [{ map: "sdm999" as never }, 'Meter map is "sdm999"; allowed are sdm120, sdm630, pzem-016, sunspec'],
])("%j is refused", (options, message) => {
  expect(() => bench("rtu", options)).toThrow(message);
});

async function errorOf(driver: MeterDriver): Promise<string> {
  try {
    for await (const _ of driver);
    return "it ended";
  } catch (error) {
    expect(error).toBeInstanceOf(LinkLostError);
    return (error as Error).message;
  }
}
