import { expect, test } from "bun:test";
import { ManualClock } from "./manual-clock.ts";
import { MqttVersions } from "./mqtt-versions.ts";

const HOUR_MS = 3_600_000;

test("5 is asked for first, 3.1.1 once that worked, and 5 again after six hours, whatever the wall clock shows", async () => {
  const clock = new ManualClock();
  const versions = new MqttVersions(undefined, clock);
  expect(versions.next()).toEqual([5, 4]);
  expect(versions.worked(4)).toBe(true);
  clock.stepWall(30 * HOUR_MS);
  await clock.advance(6 * HOUR_MS - 1);
  expect(versions.next()).toEqual([4, 5]);
  expect(versions.worked(4)).toBe(false);
  await clock.advance(1);
  expect(versions.next()).toEqual([5, 4]);
  expect(versions.worked(4)).toBe(false);
  expect(versions.next()).toEqual([4, 5]);
  expect(versions.worked(5)).toBe(false);
  expect(versions.next()).toEqual([5, 4]);
});

test("a fixed version is the only one, and nothing to tell", async () => {
  for (const fixed of [4, 5] as const) {
    const clock = new ManualClock();
    const versions = new MqttVersions(fixed, clock);
    await clock.advance(7 * HOUR_MS);
    expect(versions.next()).toEqual([fixed]);
    expect(versions.worked(fixed)).toBe(false);
  }
});
