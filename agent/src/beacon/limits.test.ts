import { describe, expect, test } from "bun:test";
import { airtimeMs, BEACON_FRAME_BYTES, REGION_IDS, REGIONS } from "@earshot/protocol";
import { type AcceptedPowers, beaconPowerDbm, ConcentratorPowers } from "../core/power.ts";
import { DutyCycle } from "./duty-cycle.ts";

const NOW_MS = Date.UTC(2026, 6, 1);

describe("conducted power", () => {
  const cases: [region: keyof typeof REGIONS, gainDdbi: number, maxDbm: number, expected: number][] = [
    ["EU868", 30, 27, 13],
    ["EU868", 31, 27, 12],
    ["EU868", -20, 27, 18],
    ["EU868", 30, 10, 10],
    ["US915", 30, 27, 21],
    ["US915", 120, 27, 18],
    ["EU433", 0, 27, 12],
  ];
  for (const [region, gainDdbi, maxDbm, expected] of cases) {
    test(`${region}, ${gainDdbi / 10} dBi, at most ${maxDbm} dBm: ${expected} dBm`, () => {
      expect(beaconPowerDbm(REGIONS[region], gainDdbi, maxDbm)).toBe(expected);
    });
  }

  test("never exceeds what judging allows", () => {
    for (const id of REGION_IDS) {
      for (let gainDdbi = -100; gainDdbi <= 300; gainDdbi++) {
        const powerDbm = beaconPowerDbm(REGIONS[id], gainDdbi, 40);
        expect(powerDbm * 10 + gainDdbi).toBeLessThanOrEqual(REGIONS[id].maxEirpDbm * 10);
      }
    }
  });
});

test("of concentrators with a power of their own the latest are remembered, however many there were", () => {
  const powers = new ConcentratorPowers({});
  const askedFirst = (eui: string, kept: AcceptedPowers) =>
    new ConcentratorPowers(kept).candidates(eui, 13).next().value;
  for (let i = 0; i < 50; i++) {
    expect(powers.noteSent(`eui ${i}`, 13, 6, 6)).toBe(true);
    expect(powers.noteSent(`eui ${i}`, 13, 6, 6)).toBe(false);
  }
  expect(Object.keys(powers.accepted)).toEqual(Array.from({ length: 16 }, (_, i) => `eui ${34 + i}`));
  expect(askedFirst("eui 34", powers.accepted)).toBe(6);
  expect(askedFirst("eui 33", powers.accepted)).toBe(13);
  // One that takes the limit again needs none; that is news once.
  expect([1, 2].map(() => powers.noteSent("eui 34", 13, 13, 13))).toEqual([true, false]);
  expect(Object.keys(powers.accepted)).toHaveLength(15);
});

describe("duty cycle", () => {
  const region = REGIONS.EU868;
  const airtime = airtimeMs({ spreadingFactor: 12, bandwidthHz: 125_000, payloadBytes: BEACON_FRAME_BYTES });
  const lengthMs = Math.ceil(airtime * 100);

  test("a band is silent for 99 times the airtime; other bands are free", () => {
    const duty = new DutyCycle(region, 1);
    expect(duty.waitMs(868_100_000, 0)).toBe(0);
    duty.occupy(868_100_000, airtime, 1000);
    expect(duty.waitMs(868_500_000, 1000)).toBe(lengthMs);
    expect(duty.waitMs(868_500_000, 1000 + lengthMs)).toBe(0);
    expect(duty.waitMs(867_100_000, 1000)).toBe(0);
  });

  test("a transmission that was not sent is revoked", () => {
    const duty = new DutyCycle(region, 1);
    duty.occupy(868_100_000, airtime, 1000);
    const release = duty.occupy(867_100_000, airtime, 1000);
    release();
    expect(duty.waitMs(867_100_000, 1000)).toBe(0);
    expect(duty.waitMs(868_300_000, 1000)).toBe(lengthMs);
  });

  test("survives a restart, whatever the clock shows by then: no off-period ends late, none is dropped early", () => {
    const first = new DutyCycle(region, 1);
    first.occupy(868_100_000, airtime, 1000);
    const offPeriods = JSON.parse(JSON.stringify(first.offPeriods({ nowMs: NOW_MS, elapsedMs: 1000 })));
    const waitAfter = (passedMs: number) => {
      const second = new DutyCycle(region, 1);
      second.resume(offPeriods, { nowMs: NOW_MS + passedMs, elapsedMs: 7 });
      return second.waitMs(868_300_000, 7);
    };
    expect(waitAfter(60_000)).toBe(lengthMs - 60_000);
    expect(waitAfter(lengthMs)).toBe(0);
    expect(waitAfter(-60 * 86_400_000)).toBe(lengthMs);
  });

  test("compressed time shortens the silence, not the airtime", () => {
    const duty = new DutyCycle(region, 30);
    duty.occupy(868_100_000, 1000, 0);
    expect(duty.waitMs(868_100_000, 0)).toBe(1000 + 99_000 / 30);
  });

  test("no silence where the region has no duty cycle", () => {
    const duty = new DutyCycle(REGIONS.US915, 1);
    duty.occupy(903_900_000, 300, 1000);
    expect(duty.waitMs(903_900_000, 1000)).toBe(300);
  });
});
