import { expect, test } from "bun:test";
import { memoryOutbox } from "@earshot/agent";
import { FakeDevice } from "@earshot/agent/testing";
import type { SensorReading } from "@earshot/drivers";
import { ManualClock } from "@earshot/protocol/testing";
import { memoryStorage } from "../src/outbox/memory-outbox.ts";
import { AgentHarness, CORE } from "./harness.ts";

/** An energy meter that counts from what it is told when it is opened. */
class FakeMeter extends FakeDevice<SensorReading> {
  totalWh = 0;
  /** What it was told, each time. */
  readonly told: (string | undefined)[] = [];
  readonly name = "meter";
  readonly type = "fake";
  readonly silenceLimitMs = 3_600_000;
  readonly open = async (_: AbortSignal, memory: string | undefined) => {
    const driver = this.driverOf(this.openQueue(), "fake meter");
    this.told.push(memory);
    return Object.assign(driver, { memory: () => String(this.totalWh) });
  };
}

/** @param isWritten although the storage says that it is not, while it fails */
function metering({ isWritten = false } = {}) {
  const clock = new ManualClock();
  const inner = memoryStorage();
  const storage = { isFailing: false, facts: [] as string[] };
  const write: typeof inner.write = (change) => {
    storage.facts.push(...change.facts.values());
    if (!storage.isFailing || isWritten) inner.write(change);
    if (storage.isFailing) throw new Error("database or disk is full");
  };
  const outbox = memoryOutbox({ clock, storage: { ...inner, write } });
  const agent = new AgentHarness({ clock, outbox });
  const meter = new FakeMeter();
  agent.sensors = [meter];
  return { agent, meter, storage, clock };
}

test("a meter's count is written with the reports, when it has changed, and passed in when it is opened again", async () => {
  const { agent, meter, storage, clock } = metering();
  await agent.start();
  meter.totalWh = 7;
  await clock.advance(3 * CORE.readingPeriodMs);
  expect(storage.facts).toEqual(["7"]);
  meter.totalWh = 8;
  meter.lose();
  meter.isPresent = true;
  await clock.advance(1000);
  meter.totalWh = 9;
  await agent.stop();
  await agent.start();
  expect(meter.told).toEqual([undefined, "8", "9"]);
  expect(storage.facts).toEqual(["7", "8", "9"]);
  await agent.stop();
});

test.each([false, true])(
  "while it cannot be written, it is tried with each report until it is; it was written though it said not: %p",
  async (isWritten) => {
    const { agent, meter, storage, clock } = metering({ isWritten });
    await agent.start();
    meter.totalWh = 7;
    storage.isFailing = true;
    await clock.advance(2 * CORE.readingPeriodMs);
    storage.isFailing = false;
    await clock.advance(2 * CORE.readingPeriodMs);
    expect(storage.facts).toEqual(["7", "7", "7"]);
    await agent.stop();
    await agent.start();
    expect(meter.told).toEqual([undefined, "7"]);
    await agent.stop();
  },
);
